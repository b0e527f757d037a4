import type { StreamRecord } from '../../../core/ports/streams.ts'
import { compilePattern, type Matcher } from './event-pattern.ts'

/**
 * FilterCriteria: a record passes if one of the patterns matches. A pattern sees the record's `kinesis` part with its data
 * decoded: as JSON where it is an object, else as text.
 */
export class EventFilter {
  readonly #matchers: readonly Matcher[]
  readonly #looksIntoData: boolean

  /** @throws Error for a pattern that is none */
  constructor(patterns: readonly string[]) {
    this.#matchers = patterns.map(compilePattern)
    this.#looksIntoData = patterns.some((pattern) => pattern.includes('"data"'))
  }

  passes({ arrivedAtMs, data, partitionKey, sequenceNumber }: StreamRecord): boolean {
    const seen = {
      kinesisSchemaVersion: '1.0',
      partitionKey,
      sequenceNumber,
      approximateArrivalTimestamp: arrivedAtMs / 1000,
      data: this.#looksIntoData ? decoded(data) : undefined,
    }
    return this.#matchers.some((matches) => matches(seen))
  }
}

function decoded(data: Uint8Array): unknown {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
  if (!/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
