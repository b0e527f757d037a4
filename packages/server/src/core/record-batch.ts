import { list, type Shape } from './shapes.ts'

/** A record as a put's input has it. */
export type GivenRecord = {
  readonly Data: Uint8Array
  readonly PartitionKey?: string | undefined
  readonly ExplicitHashKey?: string | undefined
}

/**
 * The records of one put. A busy server takes a million of them each second, so there is no object for each, only four
 * numbers that say where in memory it lies:
 *
 *   places[4 i …]:  keyStart  keyEnd  (in keyBytes, UTF-8)    dataStart  dataEnd  (in dataBytes)
 *
 * A key of length 0 is none.
 */
export class RecordBatch {
  readonly count: number
  readonly keyBytes: Buffer
  readonly dataBytes: Buffer
  readonly places: Uint32Array
  readonly #explicitHashKeys: readonly (string | undefined)[] | undefined
  /** What it was made of, as long as its constraints are not checked; undefined if it cannot break any. */
  readonly given: readonly GivenRecord[] | undefined

  constructor(
    count: number,
    keyBytes: Buffer,
    dataBytes: Buffer,
    places: Uint32Array,
    explicitHashKeys?: readonly (string | undefined)[],
    given?: readonly GivenRecord[],
  ) {
    this.count = count
    this.keyBytes = keyBytes
    this.dataBytes = dataBytes
    this.places = places
    this.#explicitHashKeys = explicitHashKeys
    this.given = given
  }

  static of(given: readonly GivenRecord[]): RecordBatch {
    const places = new Uint32Array(4 * given.length)
    let size = 0
    for (const { PartitionKey = '', Data } of given) size += Buffer.byteLength(PartitionKey) + (Data?.byteLength ?? 0)
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (const [i, { PartitionKey = '', Data }] of given.entries()) {
      const keyEnd = at + bytes.write(PartitionKey, at)
      places.set([at, keyEnd, keyEnd, keyEnd + (Data?.byteLength ?? 0)], 4 * i)
      if (Data) bytes.set(Data, keyEnd) // without any it breaks a constraint, which is told later
      at = places[4 * i + 3]!
    }
    const hasExplicit = given.some(({ ExplicitHashKey }) => ExplicitHashKey !== undefined)
    const explicit = hasExplicit ? given.map(({ ExplicitHashKey }) => ExplicitHashKey) : undefined
    return new RecordBatch(given.length, bytes, bytes, places, explicit, given)
  }

  /** Bytes that AWS counts for a record: its key's and its data's. */
  sizeBytes(i: number): number {
    return this.keyLength(i) + this.dataLength(i)
  }

  /** 0 if it has no key. */
  keyLength(i: number): number {
    return this.places[4 * i + 1]! - this.places[4 * i]!
  }

  dataLength(i: number): number {
    return this.places[4 * i + 3]! - this.places[4 * i + 2]!
  }

  explicitHashKey(i: number): string | undefined {
    return this.#explicitHashKeys?.[i]
  }
}

/** Limits of a list of records, besides what `member` says of each. */
export type RecordLimits = { readonly countMax: number; readonly dataBytesMax: number; readonly keyLengthMax: number }

/** A list of records, told and checked as `list(member)` is. */
export function recordBatch(member: Shape<GivenRecord>, limits: RecordLimits): Shape<RecordBatch> {
  const records = list(member, { min: 1, max: limits.countMax })
  return {
    required: true,
    form: { kind: 'records', ...limits },
    decode: (value, wire) => RecordBatch.of(records.decode(value, wire)),
    check({ given }, path, violations) {
      if (given) records.check(given as GivenRecord[], path, violations)
    },
  }
}
