import { varintLength, writeVarint } from './aggregate-format.ts'

/*
 * One of an aggregate's two tables of keys: each key once, in the order of its first use, as the bytes of the message.
 *
 * Where a key lies is found by open addressing over a hash of its letters, which are walked anyway: a Map, grown anew for
 * each aggregate, takes six times as long (benchmarks/README.md). Who chooses keys to collide gains nothing: after
 * `probesMax` places a key counts as new, and stands in the table once more, which every reader takes.
 */

const probesMax = 32
const slotsMin = 256

export class KeyTable {
  readonly #tag: number
  /** Of each key that is in: the key, and its hash. */
  #keys: string[] = []
  #hashes = new Int32Array(slotsMin / 2)
  /** The index of a key, plus `#base` and 1; what is not above `#base` is left from an aggregate before this one. */
  #slots = new Int32Array(slotsMin)
  #base = 0
  #bytes = Buffer.allocUnsafeSlow(1024)
  #length = 0

  /** Of the key that was asked for last: what `add` needs to know. */
  #askedHash = 0
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

  /** The index of a key, or -1: then `askedBytes` are what it would add, and `add` adds it. */
  indexOf(key: string): number {
    let hash = key.length
    let bits = 0
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i)
      bits |= unit
      hash = Math.imul(hash ^ unit, 0x01000193)
    }
    hash ^= hash >>> 15
    this.#askedHash = hash
    const mask = this.#slots.length - 1
    for (let probe = 0, slot = hash & mask; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - this.#base - 1
      if (index < 0) {
        this.#askedSlot = slot
        this.#askedLength = bits < 0x80 ? key.length : Buffer.byteLength(key)
        return -1
      }
      if (this.#hashes[index] === hash && this.#keys[index] === key) return index
    }
    this.#askedSlot = -1
    this.#askedLength = bits < 0x80 ? key.length : Buffer.byteLength(key)
    return -1
  }

  get askedBytes(): number {
    return 1 + varintLength(this.#askedLength) + this.#askedLength
  }

  /** Adds the key that `indexOf` was asked for last, and did not find. */
  add(key: string): void {
    const index = this.#keys.push(key) - 1
    if (index === this.#hashes.length) this.#grow()
    this.#hashes[index] = this.#askedHash
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
    const larger = new Int32Array(2 * this.#hashes.length)
    larger.set(this.#hashes)
    this.#hashes = larger
  }

  /** Twice the slots, with the keys of this aggregate alone. */
  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    this.#base = 0
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.#keys.length; index++) {
      let slot = this.#hashes[index]! & mask
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
