import { varintLength, writeVarint } from './aggregate-format.ts'

/*
 * One of an aggregate's two tables of keys: each key once, in the order of its first use, as the bytes of the message.
 *
 * Where a key lies is found by open addressing over its mark: a Map, grown anew for each aggregate, takes six times as long. Who chooses keys to collide gains nothing: after
 * `probesMax` places a key counts as new, and stands in the table once more, which every reader takes.
 */

const probesMax = 32
const slotsMin = 256

/**
 * What one walk through a key's letters tells: 31 bits of a hash, and the sign: negative when there is more than ASCII in it.
 * Whoever needs the key more than once walks through it once.
 */
export function keyMark(key: string): number {
  let hash = key.length
  let bits = 0
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    bits |= unit
    hash = Math.imul(hash ^ unit, 0x01000193)
  }
  hash ^= hash >>> 15
  return bits < 0x80 ? hash & 0x7fffffff : hash | 0x80000000
}

/** Bytes of a key in UTF-8, by its mark: of ASCII without a call into Node. */
export const keyBytes = (key: string, mark: number): number => (mark >= 0 ? key.length : Buffer.byteLength(key))

export class KeyTable {
  readonly #tag: number
  /** Of each key that is in: the key, and its mark. */
  #keys: string[] = []
  #marks = new Int32Array(slotsMin / 2)
  /** The index of a key, plus `#base` and 1; what is not above `#base` is left from an aggregate before this one. */
  #slots = new Int32Array(slotsMin)
  #base = 0
  #bytes = Buffer.allocUnsafeSlow(1024)
  #length = 0

  /** Of the key that was asked for last: what `add` needs to know. */
  #askedMark = 0
  #askedSlot = 0
  #askedLength = 0

  /** `tag` stands before each key. */
  constructor(tag: number) {
    this.#tag = tag
  }

  get count(): number {
    return this.#keys.length
  }

  /** Bytes of the table in the message. */
  get length(): number {
    return this.#length
  }

  /** The index of a key, or -1: then `askedBytes` are what it would add, and `add` adds it. `mark` is its `keyMark`. */
  indexOf(key: string, mark: number): number {
    this.#askedMark = mark
    const mask = this.#slots.length - 1
    for (let probe = 0, slot = mark & mask; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - this.#base - 1
      if (index < 0) {
        this.#askedSlot = slot
        this.#askedLength = keyBytes(key, mark)
        return -1
      }
      if (this.#marks[index] === mark && this.#keys[index] === key) return index
    }
    this.#askedSlot = -1
    this.#askedLength = keyBytes(key, mark)
    return -1
  }

  get askedBytes(): number {
    return 1 + varintLength(this.#askedLength) + this.#askedLength
  }

  /** Adds the key that `indexOf` was asked for last, and did not find. */
  add(key: string): void {
    const index = this.#keys.push(key) - 1
    if (index === this.#marks.length) this.#grow()
    this.#marks[index] = this.#askedMark
    if (this.#askedSlot >= 0) this.#slots[this.#askedSlot] = this.#base + index + 1
    if (2 * index >= this.#slots.length) this.#rehash()

    const length = this.#askedLength
    this.#makeRoom(this.askedBytes)
    this.#bytes[this.#length] = this.#tag
    const at = writeVarint(this.#bytes, this.#length + 1, length)
    // A call into Node costs more than a short key of ASCII does.
    if (length === key.length && length < 48) for (let i = 0; i < length; i++) this.#bytes[at + i] = key.charCodeAt(i)
    else this.#bytes.write(key, at, length)
    this.#length = at + length
  }

  copyTo(target: Uint8Array, at: number): void {
    target.set(this.#bytes.subarray(0, this.#length), at)
  }

  clear(): void {
    this.#base += this.#keys.length
    this.#keys = []
    this.#length = 0
    if (this.#base < baseMax) return
    this.#base = 0
    this.#slots.fill(0)
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#marks.length)
    larger.set(this.#marks)
    this.#marks = larger
  }

  /** Twice the slots, with the keys of this aggregate alone. */
  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    this.#base = 0
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.#keys.length; index++) {
      let slot = this.#marks[index]! & mask
      for (let probe = 0; probe < probesMax; probe++, slot = (slot + 1) & mask) {
        if (this.#slots[slot] !== 0) continue
        this.#slots[slot] = index + 1
        break
      }
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** Far from where an index does not fit a slot any more. */
const baseMax = 2 ** 30
