import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { DataKey } from '../data-key.ts'
import type { EntryBlock } from '../log.ts'
import { firstEntry, type PutRuns } from './put-runs.ts'

/*
 * A sealed run is encrypted as a whole, by AES-256-GCM, and stays as long as it was. Its seal, little-endian:
 *
 *   0   key:u32 (the data key's number)    segment:u32 (which it was first written to)
 *   8   count:u32 (of the runs sealed in that segment, from 1 on)
 *   12  salt[8] (that segment's)
 *   20  tag[16]
 *
 *   key    HKDF-SHA-256 of the data key, by the salt segment:u32 salt[8], for "millrace sealed run"
 *   nonce  count:u32 zeros[8]
 *   associated data:
 *          log:u32  entryCount:u32  endOffset:f64  timestampMs:f64  ends[entryCount]:u32 (from the run's begin)  id (UTF-8)
 *
 * No nonce comes twice under a key. A segment is written to by the process that began it, and by no later one; it draws
 * its salt when it begins, and counts each run that is sealed for it, whether the write succeeds or not: what failed is
 * never written again, and a new put has a new count. A count fits, for a segment is shorter than 4 GiB. Who begins a
 * segment of the same number once more (a copy of the folder, a crash before its name was durable) has drawn another
 * salt, but for one chance in 2^64. Compaction and recovery move runs with their seals, and seal nothing.
 */

export const sealLength = 36
export const saltLength = 8
const tagAt = 20
const tagLength = 16
const nonceLength = 12

/** What stands in a block beside a run that is sealed. */
export type Seal = {
  readonly keyId: number
  readonly segment: number
  readonly salt: Uint8Array
  /** The whole of it, as it is on the disk. */
  readonly bytes: Uint8Array
}

/** The runs of a block, sealed: their seals one after the other, and their bytes. */
export type SealedRuns = { readonly seals: Uint8Array; readonly bytes: Uint8Array }

export function sealAt(bytes: Uint8Array, at: number): Seal {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, sealLength)
  return {
    keyId: view.getUint32(0, true),
    segment: view.getUint32(4, true),
    salt: bytes.subarray(at + 12, at + 12 + saltLength),
    bytes: bytes.subarray(at, at + sealLength),
  }
}

/** Seals the runs that are written to one segment. */
export class Sealer {
  readonly #segment: number
  readonly #salt: Uint8Array
  readonly #subkeys = new Map<number, KeyObject>()
  readonly #nonce = new Uint8Array(nonceLength)
  readonly #nonceView = new DataView(this.#nonce.buffer)
  #count = 0

  /** `salt` must never have been a segment's of the same number. */
  constructor(segment: number, salt: Uint8Array) {
    this.#segment = segment
    this.#salt = salt
  }

  /** Seals neighbouring runs of a put, each by its key. */
  seal(
    put: PutRuns,
    keys: readonly (DataKey | undefined)[],
    firstRun: number,
    endRun: number,
    timestampMs: number,
  ): SealedRuns {
    const { batch, logs, ends, firstOffsets } = put
    const seals = new Uint8Array((endRun - firstRun) * sealLength)
    const parts: Uint8Array[] = []
    for (let run = firstRun; run < endRun; run++) {
      const positions = batch.positions.subarray(firstEntry(ends, run), ends[run]! + 1)
      const place = { log: logs[run]!, firstOffset: firstOffsets[run]!, timestampMs, positions }
      const bytes = batch.bytes.subarray(positions[0], positions.at(-1))
      parts.push(this.#sealRun(keys[run]!, place, bytes, seals.subarray(parts.length * sealLength)))
    }
    return { seals, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) }
  }

  #sealRun(key: DataKey, place: Place, bytes: Uint8Array, seal: Uint8Array): Uint8Array {
    this.#nonceView.setUint32(0, ++this.#count, true)
    const view = new DataView(seal.buffer, seal.byteOffset)
    view.setUint32(0, key.id, true)
    view.setUint32(4, this.#segment, true)
    view.setUint32(8, this.#count, true)
    seal.set(this.#salt, 12)
    const cipher = createCipheriv('aes-256-gcm', this.#subkeyOf(key), this.#nonce)
    cipher.setAAD(associated(place))
    const sealed = cipher.update(bytes)
    cipher.final()
    seal.set(cipher.getAuthTag(), tagAt)
    return sealed
  }

  #subkeyOf(key: DataKey): KeyObject {
    let subkey = this.#subkeys.get(key.id)
    if (!subkey) {
      subkey = subkeyOf(key, this.#segment, this.#salt)
      this.#subkeys.set(key.id, subkey)
    }
    return subkey
  }
}

/** Keys of segments that are kept once they were derived: that takes as long as to open four runs. */
const subkeysMax = 256

/** Opens sealed runs. */
export class Opener {
  readonly #subkeys = new Map<string, KeyObject>()

  /** A run's entries; undefined if they, or their place, are not those that were sealed by this key. */
  open(key: DataKey, seal: Seal, log: SealedLog, sealed: EntryBlock): EntryBlock | undefined {
    const nonce = new Uint8Array(nonceLength)
    nonce.set(seal.bytes.subarray(8, 12))
    const cipher = createDecipheriv('aes-256-gcm', this.#subkeyOf(key, seal), nonce, { authTagLength: tagLength })
    cipher.setAAD(associated({ log, ...sealed }))
    cipher.setAuthTag(seal.bytes.subarray(tagAt))
    const bytes = cipher.update(sealed.bytes)
    try {
      cipher.final()
    } catch {
      return undefined
    }
    return { ...sealed, bytes }
  }

  #subkeyOf(key: DataKey, { segment, salt }: Seal): KeyObject {
    const name = `${key.id} ${segment} ${Buffer.from(salt).toString('latin1')}`
    let subkey = this.#subkeys.get(name)
    if (!subkey) {
      if (this.#subkeys.size === subkeysMax) this.#subkeys.delete(this.#subkeys.keys().next().value!)
      subkey = subkeyOf(key, segment, salt)
      this.#subkeys.set(name, subkey)
    }
    return subkey
  }
}

export type SealedLog = {
  readonly number: number
  readonly id: string
  /** From this offset on all runs are sealed. */
  readonly sealedFrom: number
}

type Place = {
  readonly log: { readonly number: number; readonly id: string }
  readonly firstOffset: number
  readonly timestampMs: number
  /** Where the entries lie; the first need not be 0. */
  readonly positions: Uint32Array
}

function subkeyOf(key: DataKey, segment: number, salt: Uint8Array): KeyObject {
  const salted = new Uint8Array(4 + saltLength)
  new DataView(salted.buffer).setUint32(0, segment, true)
  salted.set(salt, 4)
  return createSecretKey(new Uint8Array(hkdfSync('sha256', key.secret, salted, 'millrace sealed run', 32)))
}

/** What no one may change without its being noticed: whose run it is, where it belongs, and where its entries end. */
function associated({ log, firstOffset, timestampMs, positions }: Place): Uint8Array {
  const count = positions.length - 1
  const bytes = Buffer.allocUnsafe(24 + 4 * count + Buffer.byteLength(log.id))
  bytes.writeUInt32LE(log.number, 0)
  bytes.writeUInt32LE(count, 4)
  bytes.writeDoubleLE(firstOffset + count, 8)
  bytes.writeDoubleLE(timestampMs, 16)
  for (let i = 1; i <= count; i++) bytes.writeUInt32LE(positions[i]! - positions[0]!, 20 + 4 * i)
  bytes.write(log.id, 24 + 4 * count)
  return bytes
}
