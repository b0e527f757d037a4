/*
 * The user records of the pipeline question: 100 bytes that whoever reads them can check.
 *
 *   key:i32  number:i32  filler:i32[22]  sum:i32      little-endian; number counts up from 0 for each key
 */

export const recordBytes = 100
const words = recordBytes / 4
const recordsInChunk = 1_000

export const keyCount = 1_000

/** The first `count` records of a round. Rounds follow each other in numbers. */
export function* pipelineRecords(count: number, firstNumber: number) {
  const keys = Array.from({ length: keyCount }, (_, i) => `key-${i}`)
  let chunk = new Int32Array(0)
  for (let i = 0; i < count; i++) {
    const at = (i % recordsInChunk) * words
    if (at === 0) chunk = new Int32Array(recordsInChunk * words)
    const key = i % keyCount
    const number = firstNumber + Math.floor(i / keyCount)
    chunk[at] = key
    chunk[at + 1] = number
    let sum = key + number
    for (let word = 2; word < words - 1; word++) {
      const filler = Math.imul(number + word, 0x9e3779b1) ^ key
      chunk[at + word] = filler
      sum = (sum + filler) | 0
    }
    chunk[at + words - 1] = sum
    yield { partitionKey: keys[key]!, data: new Uint8Array(chunk.buffer, at * 4, recordBytes) }
  }
}

/** Checks every record: its length and sum, its partition key, and that no number of a key is missing, repeated or late. */
export class PipelineCheck {
  readonly #next = new Int32Array(keyCount)
  readonly #keys = Array.from({ length: keyCount }, (_, i) => `key-${i}`)
  count = 0
  /** What was wrong first. */
  fault: string | undefined

  take(data: Uint8Array, partitionKey: string): void {
    this.count++
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    if (data.byteLength !== recordBytes) {
      this.fault ??= `a record of ${data.byteLength} bytes`
      return
    }
    const key = view.getInt32(0, true)
    const number = view.getInt32(4, true)
    let sum = 0
    for (let at = 0; at < recordBytes - 4; at += 4) sum = (sum + view.getInt32(at, true)) | 0
    if (sum !== view.getInt32(recordBytes - 4, true)) this.fault ??= `a wrong sum in record ${number} of ${key}`
    else if (this.#keys[key] !== partitionKey) this.fault ??= `a record of ${key} under ${partitionKey}`
    else if (this.#next[key]! !== number) this.fault ??= `record ${number} of ${key} where ${this.#next[key]} was due`
    else this.#next[key] = number + 1
  }
}
