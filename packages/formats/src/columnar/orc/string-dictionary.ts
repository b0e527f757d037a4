import { GrowingBytes } from './growing-bytes.ts'
import { precedes } from './string-statistics.ts'

/** The different strings of a column in a stripe, and which each row has. Ids rise as strings are first seen. */
export class StringDictionary {
  /** The strings by their ids. */
  readonly strings: string[] = []
  /** How many rows there are. */
  rowCount = 0
  #ids = new Map<string, number>()
  #rows = new Int32Array(1024)
  #utf8 = new GrowingBytes()
  /** Where each string's UTF-8 begins, and behind the last, where it ends. */
  #starts: number[] = [0]

  /** Adds a row; gives its string's id. */
  add(text: string): number {
    let id = this.#ids.get(text)
    if (id === undefined) {
      id = this.strings.length
      this.#ids.set(text, id)
      this.strings.push(text)
      this.#utf8.utf8(text)
      this.#starts.push(this.#utf8.length)
    }
    if (this.rowCount === this.#rows.length) this.#growRows()
    this.#rows[this.rowCount++] = id
    return id
  }

  idOfRow(row: number): number {
    return this.#rows[row]!
  }

  utf8Of(id: number): Uint8Array {
    return this.#utf8.bytes.subarray(this.#starts[id], this.#starts[id + 1])
  }

  bytesOf(id: number): number {
    return this.#starts[id + 1]! - this.#starts[id]!
  }

  /** About what it takes in the stripe. */
  get bytes(): number {
    return this.#utf8.length + this.rowCount * 2
  }

  /** The ids, by the order of their strings' UTF-8. */
  sorted(): number[] {
    const { strings } = this
    return Array.from(strings, (_, id) => id).sort((a, b) => (precedes(strings[a]!, strings[b]!) ? -1 : 1))
  }

  #growRows(): void {
    const larger = new Int32Array(this.#rows.length * 2)
    larger.set(this.#rows)
    this.#rows = larger
  }
}
