import type { Pattern } from '../processing/java-pattern.ts'
import { type Signature, signatureOf, tailLengthMax } from './signature.ts'

const newline = 0x0a

/** What is read at once, and least room for a read. */
const chunkBytes = 256 * 1024
const roomBytesMin = 4096

/**
 * Cuts a file's bytes into records: lines with their ends, or with a start pattern all from one line that it matches to
 * before the next. It holds what is not yet a whole record, and never more than the longest record and a chunk: of a
 * longer one only its beginning is kept.
 *
 *   chunk  │ consumed │ a record not yet whole │ room │
 *          0          from        lineStart    to     length
 */
export class RecordSplitter {
  readonly #cutBytes: number
  readonly #startPattern: Pattern | undefined
  #chunk = Buffer.alloc(0)
  #from = 0
  #to = 0
  /** Where the line begins that is not yet whole, and up to where there is no end of it. */
  #lineStart = 0
  #scanned = 0
  /** In the file: of `from`. */
  #offset: number
  #headerLines: number
  /** With a start pattern: a whole line of the record is there. */
  #hasLine = false
  /** The beginning of a record that is longer than may be kept; its middle is gone. */
  #cut: Buffer | undefined
  /** The beginning of the line that is not yet whole is gone. */
  #isLineCut = false

  /**
   * @param offset where in the file reading begins
   * @param recordBytesMax the longest record that can be sent: a longer one comes as one byte more than that
   */
  constructor(offset: number, recordBytesMax: number, headerLines: number, startPattern: Pattern | undefined) {
    this.#offset = offset
    this.#cutBytes = recordBytesMax + 1
    this.#headerLines = headerLines
    this.#startPattern = startPattern
  }

  /** Of the file: all before was given out in records. */
  get offset(): number {
    return this.#offset
  }

  /** Of the file: where to read on. */
  get position(): number {
    return this.#offset + (this.#to - this.#from)
  }

  get hasRemainder(): boolean {
    return this.#to > this.#from || this.#cut !== undefined
  }

  /** What is left is whole lines: with a start pattern, a record of which more may come. */
  get remainderIsLines(): boolean {
    return this.#startPattern !== undefined && this.#hasLine && this.#lineStart === this.#to && !this.#isLineCut
  }

  /** Where the bytes from `position` on are to go; `wanted` says how many there may be. */
  room(wanted: number): Buffer {
    if (this.#chunk.length - this.#to < roomBytesMin) this.#move(Math.min(chunkBytes, Math.max(roomBytesMin, wanted)))
    return this.#chunk.subarray(this.#to)
  }

  filled(count: number): void {
    this.#to += count
  }

  /** The next whole record; undefined until more is read. It is a view, and stays as it is. */
  next(): Buffer | undefined {
    for (;;) {
      const found = this.#chunk.indexOf(newline, this.#scanned)
      if (found === -1 || found >= this.#to) {
        this.#scanned = this.#to
        this.#cutIfTooLong()
        return undefined
      }
      const [lineStart, isLineCut] = [this.#lineStart, this.#isLineCut]
      this.#lineStart = this.#scanned = found + 1
      this.#isLineCut = false
      if (this.#headerLines > 0) {
        this.#headerLines--
        this.#consumeTo(found + 1)
      } else if (this.#startPattern === undefined) return this.#take(found + 1)
      else if (
        this.#hasLine &&
        !isLineCut &&
        this.#startPattern.matchesStart(this.#chunk.toString('utf8', lineStart, found))
      )
        return this.#take(lineStart)
      else this.#hasLine = true
    }
  }

  /** What is left, as a record, although its end did not come. */
  takeRemainder(): Buffer | undefined {
    if (!this.hasRemainder || this.#headerLines > 0) return undefined
    this.#hasLine = this.#isLineCut = false
    this.#lineStart = this.#scanned = this.#to
    return this.#take(this.#to)
  }

  /** What holds the bytes before `offset`, which stay as they are. */
  get chunk(): Uint8Array {
    return this.#chunk
  }

  get offsetInChunk(): number {
    return this.#from
  }

  /** Of the bytes before `position`. */
  positionSignature(): Signature {
    return signatureOf(this.#chunk.subarray(Math.max(0, this.#to - tailLengthMax), this.#to))
  }

  /** Gives the memory back that nothing needs. */
  release(): void {
    if (!this.hasRemainder && this.#chunk.length > tailLengthMax) this.#move(0)
  }

  /** Into a chunk with so much room, with what is not consumed, and the bytes before it that are signed. */
  #move(roomBytes: number): void {
    const start = Math.max(0, this.#from - tailLengthMax)
    const chunk = Buffer.allocUnsafeSlow(this.#to - start + roomBytes)
    this.#chunk.copy(chunk, 0, start, this.#to)
    this.#chunk = chunk
    this.#from -= start
    this.#to -= start
    this.#lineStart -= start
    this.#scanned -= start
  }

  #take(end: number): Buffer {
    const record = this.#cut ?? this.#chunk.subarray(this.#from, Math.min(end, this.#from + this.#cutBytes))
    this.#cut = undefined
    this.#consumeTo(end)
    return record
  }

  #consumeTo(end: number): void {
    this.#offset += end - this.#from
    this.#from = end
  }

  /** Keeps the beginning of a record that grows beyond what can be sent, and lets go of what follows. */
  #cutIfTooLong(): void {
    if (this.#to - this.#from <= this.#cutBytes) return
    if (this.#headerLines === 0)
      this.#cut ??= Buffer.from(this.#chunk.subarray(this.#from, this.#from + this.#cutBytes))
    // A start pattern must see the line that is not yet whole, or as much as it looks at.
    const keep = this.#startPattern && this.#to - this.#lineStart < this.#cutBytes ? this.#lineStart : this.#to
    this.#consumeTo(keep)
    if (keep > this.#lineStart) this.#isLineCut = true
    this.#lineStart = Math.max(this.#lineStart, keep)
  }
}
