import type { Clock } from '@millrace/ports'
import type { StreamChannel } from '../../../core/ports/channels.ts'
import type { DeliveryRecord, FailedRecord } from '../delivery/delivery-record.ts'
import type { Transform, Transformed } from '../transforms/transform.ts'
import type { ChannelMetrics } from './channel-metrics.ts'

/** Keeps from a channel's objects what is not of its format: that goes to the dead letters [docs]. */
export class RecordFormat implements Transform {
  readonly #clock: Clock
  readonly #channel: StreamChannel
  readonly #metrics: ChannelMetrics

  constructor(clock: Clock, channel: StreamChannel, metrics: ChannelMetrics) {
    this.#clock = clock
    this.#channel = channel
    this.#metrics = metrics
  }

  async transform(given: readonly DeliveryRecord[]): Promise<Transformed> {
    const { recordFormat } = this.#channel
    if (recordFormat === 'BYTE_ARRAY') return { records: given, failed: [] }
    const failed = given.flatMap((record): FailedRecord[] => {
      const fault = recordFormat === 'JSON' ? jsonFault(record.data) : textFault(record.data)
      return fault === undefined ? [] : [this.#failed(record, fault)]
    })
    if (failed.length === 0) return { records: given, failed }
    this.#metrics.count('DeliveryToS3.FailedRecordCount', failed.length)
    const isFailed = new Set(failed.map(({ record }) => record))
    return { records: given.filter((record) => !isFailed.has(record)), failed }
  }

  #failed(record: DeliveryRecord, errorMessage: string): FailedRecord {
    return {
      record,
      errorOutputType: 'processing-failed',
      errorCode: `Channel.Invalid${this.#channel.recordFormat === 'JSON' ? 'Json' : 'String'}`,
      errorMessage,
      attemptsMade: 1,
      attemptEndingMs: this.#clock.nowMs(),
      details: {
        streamARN: this.#channel.streamArn,
        shardId: record.origin?.shardId,
        sequenceNumber: record.origin?.sequenceNumber,
      },
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function textFault(data: Uint8Array): string | undefined {
  try {
    utf8.decode(data)
  } catch {
    return 'The record is not valid UTF-8.'
  }
}

function jsonFault(data: Uint8Array): string | undefined {
  try {
    JSON.parse(utf8.decode(data))
  } catch (error) {
    return error instanceof SyntaxError ? 'The record is not valid JSON.' : 'The record is not valid UTF-8.'
  }
}
