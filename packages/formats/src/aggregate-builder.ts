import assert from 'node:assert/strict'
import { digestLength, frameLength, magic, messageOf, tag, varintLength, writeVarint } from './aggregate-format.ts'
import { KeyTable, keyMark } from './key-table.ts'
import { md5OfMessages } from './md5-messages.ts'

/**
 * Packs user records into one Kinesis record, byte for byte as the Kinesis Producer Library does, and knows at any time
 * how large it has become. One builder makes one aggregate after the other, in the same memory.
 */
export class AggregateBuilder {
  readonly #partitionKeys = new KeyTable(tag.partitionKeyTable)
  readonly #explicitHashKeys = new KeyTable(tag.explicitHashKeyTable)
  #records = Buffer.allocUnsafeSlow(4096)
  #recordsLength = 0
  #count = 0

  /** User records in it. */
  get count(): number {
    return this.#count
  }

  /** What `finish` would give now, in bytes. */
  get sizeBytes(): number {
    return frameLength + this.#partitionKeys.length + this.#explicitHashKeys.length + this.#recordsLength
  }

  /**
   * Adds a user record, whose bytes are copied, unless the aggregate would then be larger than `sizeBytesMax`: it stays as
   * it was, and the answer is false. The first record is always taken, for whoever has but one sends it without a frame.
   * @param mark the partition key's `keyMark`, where it is known
   */
  add(
    partitionKey: string,
    explicitHashKey: string | undefined,
    data: Uint8Array,
    sizeBytesMax: number,
    mark: number = keyMark(partitionKey),
  ): boolean {
    const dataLength = data.byteLength
    let keyIndex = this.#partitionKeys.indexOf(partitionKey, mark)
    let keyBytes = 0
    const isNewKey = keyIndex < 0
    if (isNewKey) {
      keyBytes = this.#partitionKeys.askedBytes
      keyIndex = this.#partitionKeys.count
    }
    let recordLength = 1 + varintLength(keyIndex) + 1 + varintLength(dataLength) + dataLength

    let hashKeyIndex = -1
    let isNewHashKey = false
    if (explicitHashKey !== undefined) {
      hashKeyIndex = this.#explicitHashKeys.indexOf(explicitHashKey, keyMark(explicitHashKey))
      isNewHashKey = hashKeyIndex < 0
      if (isNewHashKey) {
        keyBytes += this.#explicitHashKeys.askedBytes
        hashKeyIndex = this.#explicitHashKeys.count
      }
      recordLength += 1 + varintLength(hashKeyIndex)
    }

    const framed = 1 + varintLength(recordLength) + recordLength
    if (this.#count > 0 && this.sizeBytes + keyBytes + framed > sizeBytesMax) return false

    if (isNewKey) this.#partitionKeys.add(partitionKey)
    if (isNewHashKey) this.#explicitHashKeys.add(explicitHashKey!)
    this.#makeRoom(framed)
    const records = this.#records
    let at = this.#recordsLength
    records[at] = tag.record
    at = writeVarint(records, at + 1, recordLength)
    records[at] = tag.partitionKeyIndex
    at = writeVarint(records, at + 1, keyIndex)
    if (hashKeyIndex >= 0) {
      records[at] = tag.explicitHashKeyIndex
      at = writeVarint(records, at + 1, hashKeyIndex)
    }
    records[at] = tag.data
    at = writeVarint(records, at + 1, dataLength)
    records.set(data, at)
    this.#recordsLength = at + dataLength
    this.#count++
    return true
  }

  /** The aggregate, in memory of its own; the builder is empty again. */
  finish(): Uint8Array {
    const aggregate = this.finishUndigested()
    writeDigests([aggregate])
    return aggregate
  }

  /** As `finish`, but its last bytes are anything until `writeDigests` writes them: of several at once, that takes less. */
  finishUndigested(): Uint8Array {
    assert(this.#count > 0, 'an aggregate has records')
    const length = this.sizeBytes
    const aggregate = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    let at = magic.length
    aggregate.set(magic)
    this.#partitionKeys.copyTo(aggregate, at)
    at += this.#partitionKeys.length
    this.#explicitHashKeys.copyTo(aggregate, at)
    at += this.#explicitHashKeys.length
    aggregate.set(this.#records.subarray(0, this.#recordsLength), at)
    assert.equal(at + this.#recordsLength, length - digestLength, 'the size was counted right')
    this.clear()
    return aggregate
  }

  /** Forgets the records in it. */
  clear(): void {
    this.#partitionKeys.clear()
    this.#explicitHashKeys.clear()
    this.#recordsLength = 0
    this.#count = 0
  }

  #makeRoom(bytes: number): void {
    if (this.#recordsLength + bytes <= this.#records.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#recordsLength + bytes))
    larger.set(this.#records.subarray(0, this.#recordsLength))
    this.#records = larger
  }
}

/** Completes aggregates that were finished without their digests. */
export function writeDigests(aggregates: readonly Uint8Array[]): void {
  const digests = md5OfMessages(aggregates.map(messageOf))
  for (const [i, aggregate] of aggregates.entries())
    aggregate.set(digests.subarray(i * digestLength, (i + 1) * digestLength), aggregate.byteLength - digestLength)
}
