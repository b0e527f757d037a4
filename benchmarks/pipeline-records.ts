/*
 * The user records of the pipeline question: 100 bytes that whoever reads them can check.
 *
 *   key:i32  number:i32  filler:i32[22]  sum:i32      little-endian; number counts up from 0 for each key
 */

export const recordBytes = 100
const recordWords = recordBytes / 4

export const keyCount = 1_000

const keys = Array.from({ length: keyCount }, (_, i) => `key-${i}`)

/**
 * One number of each key lies in one piece of memory, and its records are views of that: made once, as Kafka's own tool makes
 * its payloads. They are used again in turn: there are more than the producer has under way.
 */
type Chunk = { readonly words: Int32Array; readonly records: readonly { partitionKey: string; data: Uint8Array }[] }
const chunkCount = 200
const chunks: Chunk[] = []

function chunkOf(number: number): Chunk {
  const place = number % chunkCount
  chunks[place] ??= newChunk()
  return chunks[place]
}

function newChunk(): Chunk {
  const words = new Int32Array(keyCount * recordWords)
  const { buffer } = words
  const records = keys.map((partitionKey, i) => ({
    partitionKey,
    data: new Uint8Array(buffer, i * recordBytes, recordBytes),
  }))
  return { words, records }
}

/** The first `count` records of a round, a multiple of `keyCount`. Rounds follow each other in numbers. */
export function* pipelineRecords(count: number, firstNumber: number) {
  for (let number = firstNumber; number < firstNumber + count / keyCount; number++) {
    const { words, records } = chunkOf(number)
    fill(words, number)
    for (let i = 0; i < records.length; i++) yield records[i]!
  }
}

function fill(chunk: Int32Array, number: number): void {
  for (let key = 0, at = 0; key < keyCount; key++, at += recordWords) {
    chunk[at] = key
    chunk[at + 1] = number
    let sum = key + number
    for (let word = 2; word < recordWords - 1; word++) {
      const filler = Math.imul(number + word, 0x9e3779b1) ^ key
      chunk[at + word] = filler
      sum = (sum + filler) | 0
    }
    chunk[at + recordWords - 1] = sum
  }
}

/** Checks every record: its length and sum, its partition key, and that no number of a key is missing, repeated or late. */
export class PipelineCheck {
  readonly #next = new Int32Array(keyCount)
  /** Of the memory that the record before lay in: the next one nearly always lies there, too. */
  #buffer: ArrayBufferLike = new ArrayBuffer(0)
  #view = new DataView(this.#buffer)
  count = 0
  /** What was wrong first. */
  fault: string | undefined

  take(data: Uint8Array, partitionKey: string): void {
    this.count++
    if (data.byteLength !== recordBytes) {
      this.fault ??= `a record of ${data.byteLength} bytes`
      return
    }
    const { buffer } = data
    if (buffer !== this.#buffer) {
      this.#buffer = buffer
      this.#view = new DataView(buffer)
    }
    const view = this.#view
    const start = data.byteOffset
    const end = start + recordBytes - 4
    const key = view.getInt32(start, true)
    const number = view.getInt32(start + 4, true)
    let sum = 0
    for (let at = start; at < end; at += 4) sum = (sum + view.getInt32(at, true)) | 0
    if (sum !== view.getInt32(end, true)) this.fault ??= `a wrong sum in record ${number} of ${key}`
    else if (keys[key] !== partitionKey) this.fault ??= `a record of ${key} under ${partitionKey}`
    else if (this.#next[key]! !== number) this.fault ??= `record ${number} of ${key} where ${this.#next[key]} was due`
    else this.#next[key] = number + 1
  }
}
