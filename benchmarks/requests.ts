import { encode } from 'cborg'
import { requestBytes } from './wire.ts'

/*
 * The requests that a load is made of, built beforehand. The same bytes for every server: the chance in them is seeded.
 */

export type Load = {
  readonly operation: 'PutRecord' | 'PutRecords'
  readonly format: 'json' | 'cbor'
  readonly streamName: string
  readonly recordsInCall: number
  readonly recordBytes: number
  readonly connections: number
  /** Each request goes to one of so many streams, NAME-0, NAME-1, ...; without it, all go to the one called NAME. */
  readonly streams?: number
  /** How long a connection waits after an answer, in milliseconds. @default not at all */
  readonly delayMs?: number
}

/** Distinct requests to choose from, so that neither keys nor bytes are always the same. */
const requestCount = 32

/** Whole requests, head and body; no partition key comes twice in all of them. */
export function buildRequests(load: Load): Buffer[] {
  return Array.from({ length: load.streams ?? requestCount }, (_, i) => buildRequest(load, i))
}

function buildRequest(
  { operation, format, streamName, streams, recordsInCall, recordBytes }: Load,
  seed: number,
): Buffer {
  const chance = seeded(seed + 1)
  const record = (_: unknown, i: number) => {
    const data = Buffer.from(Array.from({ length: recordBytes }, () => Math.floor(chance() * 256)))
    const PartitionKey = `key-${seed * recordsInCall + i}-${Math.floor(chance() * 1e6)}`
    return { Data: format === 'json' ? data.toString('base64') : data, PartitionKey }
  }
  const records = Array.from({ length: recordsInCall }, record)
  const StreamName = streams === undefined ? streamName : `${streamName}-${seed}`
  const input = { StreamName, ...(operation === 'PutRecord' ? records[0] : { Records: records }) }
  // Members in the order in which an SDK writes them, not in cborg's canonical one.
  return requestBytes(operation, input, format === 'cbor' ? encode(input, { mapSorter: () => 0 }) : undefined)
}

/** Numbers from 0 up to 1, the same for the same seed (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
