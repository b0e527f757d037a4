import type { Clock, Logger } from '@millrace/ports'
import type { LogEvents } from '../../../core/ports/log-events.ts'
import type { MetricSink } from '../../../core/ports/metrics.ts'
import type { DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import { count, countDelivery } from '../metrics.ts'
import { DeliveryCounts } from './delivery-counts.ts'
import type { DeliveryRecord, FailedRecord, SourceRecord } from './delivery-record.ts'
import { ErrorLog } from './error-log.ts'
import type { Plan } from './plan.ts'
import { dataLength } from './stored-record.ts'

export type ReportParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: MetricSink
  /** Where CloudWatch Logs would be; undefined where nothing is kept. */
  readonly logEvents?: LogEvents | undefined
  /** @default its own */
  readonly counts?: DeliveryCounts | undefined
}

/** What a delivery tells of itself: counts for `millrace deliveries`, CloudWatch's metrics, and lines in its error logs. */
export class DeliveryReport {
  readonly #parts: ReportParts
  readonly #plan: Plan
  readonly #errorLog: ErrorLog | undefined
  readonly #backupLog: ErrorLog | undefined
  readonly counts: DeliveryCounts

  constructor(parts: ReportParts, plan: Plan) {
    const { clock, logEvents } = parts
    this.#parts = parts
    this.#plan = plan
    this.#errorLog = logEvents && plan.errorLog && new ErrorLog(logEvents, clock, plan.errorLog)
    this.#backupLog = logEvents && plan.backupLog && new ErrorLog(logEvents, clock, plan.backupLog)
    this.counts = parts.counts ?? new DeliveryCounts()
  }

  read(records: readonly SourceRecord[]): void {
    this.counts.read.records += records.length
    this.counts.read.bytes += bytesOf(records)
  }

  /** A try of the destination went well; `records` of the batch are there. */
  delivered(batch: DeliveryBatch, records: readonly DeliveryRecord[]): void {
    const { metricPrefix, name } = this.#plan
    countDelivery(this.#parts.metrics, name, metricPrefix, 'Success', 1)
    this.arrived(batch, records)
  }

  /** Records of a batch are there, whatever becomes of the others. */
  arrived({ firstArrivalMs }: DeliveryBatch, records: readonly DeliveryRecord[]): void {
    const { clock, metrics } = this.#parts
    const { metricPrefix, name } = this.#plan
    const { delivered } = this.counts
    const bytes = bytesOf(records)
    delivered.batches++
    delivered.records += records.length
    delivered.bytes += bytes
    countDelivery(metrics, name, metricPrefix, 'Bytes', bytes)
    countDelivery(metrics, name, metricPrefix, 'Records', records.length)
    countDelivery(metrics, name, metricPrefix, 'DataFreshness', (clock.nowMs() - firstArrivalMs) / 1000)
    if (metricPrefix === 'DeliveryToS3') count(metrics, name, 'DeliveryToS3.ObjectCount', 1)
    if (this.#plan.activePartitionsMax === undefined) return
    const collectedS = Math.max(1, (clock.nowMs() - firstArrivalMs) / 1000)
    count(metrics, name, 'PerPartitionThroughput', bytes / collectedS)
  }

  /** A batch that was brought before this process began is there. Of its records only their number is known. */
  foundDelivered(recordCount: number): void {
    const { metricPrefix, name } = this.#plan
    this.counts.delivered.batches++
    this.counts.delivered.records += recordCount
    countDelivery(this.#parts.metrics, name, metricPrefix, 'Success', 1)
    countDelivery(this.#parts.metrics, name, metricPrefix, 'Records', recordCount)
  }

  /** A try of the destination failed. */
  tryFailed(failure: DeliveryFailed, attempt: number, isTriedAgain: boolean): void {
    const { metricPrefix, name } = this.#plan
    countDelivery(this.#parts.metrics, name, metricPrefix, 'Success', 0)
    this.#failed(failure, attempt, this.#errorLog, isTriedAgain)
  }

  /** Records are given up: they go to the error output. */
  gaveUp(failed: readonly FailedRecord[]): void {
    this.counts.failedRecords += failed.length
    const told = new Set<string>()
    for (const { errorCode, errorMessage, details } of failed) {
      if (told.has(errorCode)) continue // one line for all of them
      told.add(errorCode)
      const processor = details?.lambdaARN as string | undefined
      this.counts.lastError = { atMs: this.#parts.clock.nowMs(), code: errorCode, message: errorMessage }
      this.#errorLog?.put({ errorCode, message: errorMessage, processor })
    }
  }

  /** Records are in the backup as they came. */
  backedUp({ firstArrivalMs }: DeliveryBatch, records: readonly DeliveryRecord[]): void {
    const { clock, metrics } = this.#parts
    const { name } = this.#plan
    countDelivery(metrics, name, 'BackupToS3', 'Success', 1)
    countDelivery(metrics, name, 'BackupToS3', 'Bytes', bytesOf(records))
    countDelivery(metrics, name, 'BackupToS3', 'Records', records.length)
    countDelivery(metrics, name, 'BackupToS3', 'DataFreshness', (clock.nowMs() - firstArrivalMs) / 1000)
  }

  /** A try to put into the backup failed. */
  backupFailed(failure: DeliveryFailed, attempt: number): void {
    countDelivery(this.#parts.metrics, this.#plan.name, 'BackupToS3', 'Success', 0)
    this.#failed(failure, attempt, this.#backupLog)
  }

  /** A try to put error records failed. */
  errorOutputFailed(failure: DeliveryFailed, attempt: number): void {
    this.#failed(failure, attempt, this.#backupLog ?? this.#errorLog)
  }

  /** Records were put into partitions, or some were not because there are too many. */
  partitioned(activeCount: number, isExceeded: boolean): void {
    const { metrics } = this.#parts
    count(metrics, this.#plan.name, 'PartitionCount', activeCount)
    count(metrics, this.#plan.name, 'PartitionCountExceeded', isExceeded ? 1 : 0)
  }

  /** Each minute, the arrival of the oldest records that wait for the destination and for the backup. */
  waiting(oldestMs: number | undefined, backupOldestMs: number | undefined): void {
    const { clock, metrics } = this.#parts
    const { metricPrefix, name } = this.#plan
    const tell = (prefix: string, arrivalMs: number | undefined) => {
      if (arrivalMs === undefined) return
      countDelivery(metrics, name, prefix, 'DataFreshness', Math.max(0, clock.nowMs() - arrivalMs) / 1000)
    }
    tell(metricPrefix, oldestMs)
    tell('BackupToS3', backupOldestMs)
  }

  #failed({ code, message }: DeliveryFailed, attempt: number, errorLog?: ErrorLog, isTriedAgain = true): void {
    const { clock, logger } = this.#parts
    const facts = { deliveryStream: this.#plan.name, code, reason: message, attempt: attempt + 1 }
    const next = isTriedAgain ? 'and is tried again' : 'and its records go to the error output'
    logger.log('warn', `a delivery failed, ${next}`, facts)
    this.counts.lastError = { atMs: clock.nowMs(), code, message }
    errorLog?.put({ errorCode: code, message })
  }
}

const bytesOf = (records: readonly SourceRecord[]) => records.reduce((sum, record) => sum + dataLength(record), 0)
