import { Base64Lanes } from '@millrace/formats'

/*
 * Decodes the base64 texts (RFC 4648, section 4) of a body, one after the other, each up to its quote. Vectors decode most of
 * a text, in memory of their own: a window that is filled from the body and emptied into what is decoded, some hundred
 * texts at a time. A loop decodes the last letters of each; without vectors, all of it.
 *
 *   body     {"Data":"AAEC…","PartitionKey":"k"},{"Data":"…
 *                 |<------ letters ------>|                  from #from on
 *   into     …decoded before…|<- bytes ->|                   from #to on
 */

const quote = 0x22
const padding = 0x3d

/** What a letter of base64 stands for; -1 for all that is none. */
const sextets = new Int8Array(256).fill(-1)
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  sextets[letter.charCodeAt(0)] = value

/** The last four letters of a text, and its quote: no less is looked at together. */
const endLength = 5

type Lanes = Pick<Base64Lanes, 'letters' | 'bytes' | 'decode'>

export class Base64Window {
  readonly #lanes: Lanes
  readonly #letters: Buffer
  readonly #bytes: Buffer
  #body: Buffer = nothing
  #from = 0
  #filled = 0
  #into: Buffer = nothing
  #to = 0
  #decoded = 0

  constructor(lanes: Lanes = new Base64Lanes()) {
    this.#lanes = lanes
    this.#letters = lanes.letters
    this.#bytes = lanes.bytes
  }

  /** Begins with a body; what is decoded of its texts goes into `into`, one behind the other, where there must be room. */
  begin(body: Buffer, into: Buffer): void {
    this.#body = body
    this.#filled = 0
    this.#into = into
    this.#to = 0
    this.#decoded = 0
  }

  /** So many bytes are decoded of all texts so far. */
  get written(): number {
    return this.#to + this.#decoded
  }

  /**
   * Decodes a text that begins at `start` of the body. Returns where it ends, past its quote; -1 if it is not canonical: as
   * long as its padding says, no bits left over.
   */
  take(start: number): number {
    const letters = this.#letters
    if (start < this.#from || start + endLength > this.#from + this.#filled) this.#turn(start)
    let at = start - this.#from
    for (;;) {
      const taken = this.#lanes.decode(at, this.#filled, this.#decoded)
      at += taken
      this.#decoded += (taken >> 2) * 3
      at = this.#takeQuads(at)
      if (letters[at] === quote && at < this.#filled) return this.#from + at + 1
      if (at + endLength <= this.#filled) return this.#takeEnd(at) ? this.#from + at + endLength : -1
      if (this.#from + this.#filled === this.#body.length) return -1
      this.#turn(this.#from + at)
      at = 0
    }
  }

  /** All texts are decoded: the last of them go where those before are. */
  end(): void {
    this.#bytes.copy(this.#into, this.#to, 0, this.#decoded)
    this.#body = nothing
    this.#into = nothing
  }

  /** Empties the window, and fills it with the body from a place on. */
  #turn(start: number): void {
    this.#bytes.copy(this.#into, this.#to, 0, this.#decoded)
    this.#to += this.#decoded
    this.#decoded = 0
    this.#from = start
    this.#filled = this.#body.copy(this.#letters, 0, start, start + this.#letters.length)
  }

  /** Decodes letters four by four. Returns where the first four are that are not all letters. */
  #takeQuads(start: number): number {
    const letters = this.#letters
    const bytes = this.#bytes
    const last = this.#filled - 4
    let at = start
    let to = this.#decoded
    for (; at <= last; at += 4, to += 3) {
      const quad =
        (sextets[letters[at]!]! << 18) |
        (sextets[letters[at + 1]!]! << 12) |
        (sextets[letters[at + 2]!]! << 6) |
        sextets[letters[at + 3]!]!
      if (quad < 0) break
      bytes[to] = quad >> 16
      bytes[to + 1] = quad >> 8
      bytes[to + 2] = quad
    }
    this.#decoded = to
    return at
  }

  /** The last four letters, of which one or two are padding, and the quote. */
  #takeEnd(at: number): boolean {
    const letters = this.#letters
    const bytes = this.#bytes
    if (letters[at + 4] !== quote || letters[at + 3] !== padding) return false
    const two = (sextets[letters[at]!]! << 18) | (sextets[letters[at + 1]!]! << 12)
    bytes[this.#decoded++] = two >> 16
    if (letters[at + 2] === padding) return two >= 0 && (two & 0xf000) === 0
    const three = two | (sextets[letters[at + 2]!]! << 6)
    bytes[this.#decoded++] = three >> 8
    return three >= 0 && (three & 0xc0) === 0
  }
}

const nothing = Buffer.alloc(0)
