import { randomBytes, randomFillSync, randomUUID } from 'node:crypto'

/** Chance comes in by the door: ids, keys, initialization vectors, faults. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A UUID, version 4. */
  uuid(): string
}

/** The machine's chance, fetched a few kilobytes at a time: every answer has 72 random bytes, and each fetch costs 2 µs. */
export const systemRandom: Random = { bytes: randomBytesFrom(new Uint8Array(8192)), uuid: () => randomUUID() }

function randomBytesFrom(pool: Uint8Array): Random['bytes'] {
  let used = pool.length
  return (length) => {
    if (length > pool.length) return randomBytes(length)
    if (used + length > pool.length) {
      randomFillSync(pool)
      used = 0
    }
    used += length
    return pool.slice(used - length, used)
  }
}

/** A number from 0 up to but not including 1, of 48 bits: for jitter and shuffling. */
export const fractionOf = (random: Random): number => Buffer.from(random.bytes(6)).readUIntBE(0, 6) / 2 ** 48
