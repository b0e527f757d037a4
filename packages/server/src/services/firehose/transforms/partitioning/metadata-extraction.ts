import type { Clock, Logger } from '@millrace/ports'
import type { MetricSink } from '../../../../core/ports/metrics.ts'
import type { DeliveryRecord, FailedRecord } from '../../delivery/delivery-record.ts'
import { count } from '../../metrics.ts'
import type { Transform, Transformed } from '../transform.ts'
import { extractionFailed } from './extraction-failure.ts'
import type { JqRunner } from './jq-runner.ts'
import type { PlainQuery } from './plain-query.ts'
import type { QueryResult } from './query-result.ts'

export type MetadataExtractionParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: MetricSink
  readonly jq: JqRunner
  /** The same query, for records that need no jq. Undefined where all do. */
  readonly plain: PlainQuery | undefined
}

/** Partition keys from what is in the records, by a jq query. */
export class MetadataExtraction implements Transform {
  readonly #parts: MetadataExtractionParts
  readonly #deliveryStream: string

  constructor(parts: MetadataExtractionParts, deliveryStream: string) {
    this.#parts = parts
    this.#deliveryStream = deliveryStream
  }

  async transform(given: readonly DeliveryRecord[], signal: AbortSignal): Promise<Transformed> {
    const { clock, logger, metrics } = this.#parts
    const records: DeliveryRecord[] = []
    const failed: FailedRecord[] = []
    if (given.length === 0) return { records, failed }
    const startedMs = clock.monotonicMs()
    const results = await this.#results(given, signal)
    count(metrics, this.#deliveryStream, 'JQProcessing.Duration', clock.monotonicMs() - startedMs)
    const nowMs = clock.nowMs()
    for (const [i, record] of given.entries()) {
      const result = results[i]!
      if ('fault' in result) failed.push(extractionFailed(record, result.fault, nowMs))
      else
        records.push({ ...record, partitionKeys: { fromLambda: {}, ...record.partitionKeys, fromQuery: result.keys } })
    }
    if (failed.length > 0)
      logger.log('warn', 'partition keys cannot be extracted from records', {
        deliveryStream: this.#deliveryStream,
        records: failed.length,
        reason: failed[0]!.errorMessage,
      })
    return { records, failed }
  }

  async #results(given: readonly DeliveryRecord[], signal: AbortSignal): Promise<readonly QueryResult[]> {
    const { jq, plain } = this.#parts
    const results = given.map(({ data }) => plain?.resultOf(data))
    const left = given.filter((_, i) => !results[i]).map(({ data }) => data)
    if (left.length === 0) return results as QueryResult[]
    const fromJq = (await jq.run(left, signal)).values()
    return results.map((result) => result ?? fromJq.next().value!)
  }

  async close(): Promise<void> {
    await this.#parts.jq.close()
  }
}
