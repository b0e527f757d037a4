import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { keyBytes, keyMark } from '@millrace/formats'
import { Delivery } from './delivery.ts'
import { encodingOf, RecordEncoder } from './encoding.ts'
import { BulkOutcome, PromisedOutcome, type PutAllResult } from './outcomes.ts'
import type { PackedRecords } from './packed-records.ts'
import {
  type Arrival,
  type FlushRound,
  faultOf,
  type Outcome,
  PendingRecord,
  type PutResult,
  type RecordInput,
} from './pending-record.ts'
import { type ProducerOptions, type Settings, settingsOf } from './producer-options.ts'
import { bufferFull, producerClosed } from './put-errors.ts'

/** After so many bytes `putAll` lets the sockets have their turn. */
const bytesInTurn = 256 * 1024

/**
 * Puts records into a Kinesis stream: packs them as the Kinesis Producer Library does, sends many in a call, keeps within the
 * shards' limits, and tries again what was not taken, record by record. See docs/producer.md.
 */
export class Producer {
  readonly #settings: Settings
  readonly #delivery: Delivery
  readonly #encoder: RecordEncoder | undefined
  #pendingRecords = 0
  #pendingBytes = 0
  /** Flushes that wait, and at the end the round of the records that come now. */
  #rounds: (FlushRound & { done?: () => void })[] = [{ pending: 0 }]
  #waiting: { bytes: number; resolve: () => void }[] = []
  #isAdmitting = false
  #isClosed = false
  #closed: Promise<void> | undefined
  /** Of the record taken last: others that come at the same time share it. */
  #arrival: Arrival | undefined
  /** Bytes taken since the beginning. */
  #acceptedBytes = 0

  /**
   * @param kinesis a client of AWS's SDK; with `maxAttempts: 1` only this producer repeats calls, as it is made to
   * @throws RangeError when an option has a value that cannot be
   */
  constructor(kinesis: Pick<KinesisClient, 'send'>, options: ProducerOptions) {
    this.#settings = settingsOf(options)
    this.#delivery = new Delivery(
      kinesis,
      this.#settings,
      (records) => this.#settled(records),
      () => this.#pendingRecords,
    )
    const encode = this.#settings.encodingScope === 'user-record' ? encodingOf(this.#settings) : undefined
    if (encode)
      this.#encoder = new RecordEncoder(
        encode,
        this.#settings.recordSizeBytesMax,
        (record) => this.#delivery.send(record),
        (record, fault) => this.#delivery.notEncoded(record, fault),
      )
  }

  /** Records that are accepted and not yet put. */
  get pendingRecords(): number {
    return this.#pendingRecords
  }

  /** Bytes that are accepted and not yet put. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Puts one record. Its bytes must stay as they are until it is put.
   * @returns where it is, once it is there
   * @throws PutError when it could not be put, BufferFullError or ProducerClosedError when it was not taken, RangeError or
   *   TypeError when it is not a record (all by the promise)
   */
  put(record: RecordInput): Promise<PutResult> {
    const outcome = new PromisedOutcome()
    const refusal = this.#take(record, outcome, this.#settings.clock.monotonicMs(), 0)
    return refusal ? Promise.reject(refusal) : outcome.promise
  }

  /**
   * Puts many records, waiting for room between them: for large amounts, half as dear as a promise for each.
   * @param onPut told of each record that is put, with its index; without it results are not even made
   * @returns how many were put, and which were not, once all have come to their end
   */
  async putAll(
    records: Iterable<RecordInput> | AsyncIterable<RecordInput>,
    onPut?: (result: PutResult, index: number) => void,
  ): Promise<PutAllResult> {
    const outcome = new BulkOutcome(onPut)
    const { clock, recordSizeBytesMax } = this.#settings
    let index = 0
    let turnEnds = this.#acceptedBytes + bytesInTurn
    let nowMs = clock.monotonicMs()
    const takeOne = (record: RecordInput): void => {
      outcome.begun()
      const refusal = this.#take(record, outcome, nowMs, index)
      if (refusal) outcome.refused(index, String(record.partitionKey), refusal)
      index++
    }
    const isTurnOver = () =>
      this.#acceptedBytes >= turnEnds || this.#pendingBytes + recordSizeBytesMax > this.#settings.bufferBytesMax
    const nextTurn = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      await this.room()
      turnEnds = this.#acceptedBytes + bytesInTurn
      nowMs = clock.monotonicMs()
    }
    if (Symbol.asyncIterator in records) {
      for await (const record of records) {
        nowMs = clock.monotonicMs()
        takeOne(record)
        if (isTurnOver()) await nextTurn()
      }
    } else {
      for (const record of records) {
        takeOne(record)
        if (isTurnOver()) await nextTurn()
      }
    }
    return outcome.done()
  }

  /**
   * Waits until a record of so many bytes is taken; without a number, until the largest is. Whoever waited first is first.
   * At once after `close`: then `put` says so.
   */
  async room(bytes: number = this.#settings.recordSizeBytesMax): Promise<void> {
    const wanted = Math.min(bytes, this.#settings.bufferBytesMax)
    if (this.#isClosed || (this.#waiting.length === 0 && this.#hasRoom(wanted))) return
    await new Promise<void>((resolve) => this.#waiting.push({ bytes: wanted, resolve }))
  }

  /** Sends at once what waits for company. @returns when all that was put before has come to its end; never rejects */
  async flush(): Promise<void> {
    const round = this.#rounds.at(-1)!
    this.#rounds.push({ pending: 0 })
    const settled = new Promise<void>((resolve) => {
      round.done = resolve
    })
    this.#encoder?.hurry(this.#settings.clock.monotonicMs())
    this.#delivery.hurry()
    this.#endRounds()
    await settled
  }

  /** Takes no more records, and ends when all that were taken have come to their end. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#admit()
    await this.flush()
    this.#delivery.stop()
  }

  /** @returns why the record is not taken */
  #take(input: RecordInput, outcome: Outcome, nowMs: number, index: number): Error | undefined {
    if (this.#isClosed) return producerClosed()
    const { recordSizeBytesMax, bufferBytesMax } = this.#settings
    const { partitionKey, explicitHashKey } = input
    const data = typeof input.data === 'string' ? Buffer.from(input.data) : input.data
    const isText = typeof partitionKey === 'string'
    const mark = isText ? keyMark(partitionKey) : 0
    const sizeBytes = (data?.byteLength ?? 0) + (isText ? keyBytes(partitionKey, mark) : 0)
    const fault = faultOf(input, data, sizeBytes, recordSizeBytesMax)
    if (fault) return fault
    if (!this.#hasRoom(sizeBytes)) return bufferFull(this.#pendingBytes, bufferBytesMax)
    const arrival = this.#arrivalOf(outcome, nowMs)
    const record = new PendingRecord(partitionKey, explicitHashKey, mark, data, sizeBytes, arrival, index)
    arrival.round.pending++
    this.#pendingRecords++
    this.#pendingBytes += sizeBytes
    this.#acceptedBytes += sizeBytes
    this.#delivery.metrics.received()
    if (this.#encoder) this.#encoder.add(record)
    else this.#delivery.send(record)
    return undefined
  }

  #arrivalOf(outcome: Outcome, arrivedMs: number): Arrival {
    const last = this.#arrival
    const round = this.#rounds[this.#rounds.length - 1]!
    if (last && last.outcome === outcome && last.arrivedMs === arrivedMs && last.round === round) return last
    const { recordMaxBufferedMs, recordTtlMs } = this.#settings
    const dueMs = arrivedMs + Math.min(recordMaxBufferedMs, recordTtlMs)
    this.#arrival = { outcome, round, arrivedMs, dueMs }
    return this.#arrival
  }

  #hasRoom(bytes: number): boolean {
    return this.#pendingBytes + bytes <= this.#settings.bufferBytesMax
  }

  #settled(records: PendingRecord | PackedRecords): void {
    this.#pendingRecords -= records.count
    this.#pendingBytes -= records.sizeBytes
    if (records.leaveRounds() && this.#rounds.length > 1) this.#endRounds()
    if (this.#waiting.length > 0) this.#admit()
  }

  /** A flush ends when its round is over and all before it are. */
  #endRounds(): void {
    while (this.#rounds.length > 1 && this.#rounds[0]!.pending === 0) this.#rounds.shift()!.done?.()
  }

  /** Lets the first go on for whom there is room, and the next when that one has put its record; all when it is over. */
  #admit(): void {
    if (this.#isAdmitting) return
    const [first] = this.#waiting
    if (!first || !(this.#isClosed || this.#hasRoom(first.bytes))) return
    this.#waiting.shift()
    first.resolve()
    this.#isAdmitting = true
    setImmediate(() => {
      this.#isAdmitting = false
      this.#admit()
    })
  }
}
