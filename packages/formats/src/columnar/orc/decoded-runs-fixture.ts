import assert from 'node:assert/strict'

/*
 * Reading what the encoders write, from ORC's specification and without their code: for tests alone.
 */

/** Bytes in runs. */
export function decodeBytes(bytes: Uint8Array): number[] {
  const values: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const control = bytes[at++]!
    if (control < 128) {
      for (let i = 0; i < control + 3; i++) values.push(bytes[at]!)
      at++
    } else {
      for (let i = 0; i < 256 - control; i++) values.push(bytes[at++]!)
    }
  }
  return values
}

/** Bits of bytes in runs, with those that fill the last byte. */
export const decodeBits = (bytes: Uint8Array): number[] =>
  decodeBytes(bytes).flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1))

export function decodeV1(bytes: Uint8Array, signed: boolean): bigint[] {
  const values: bigint[] = []
  const from = new Cursor(bytes)
  while (!from.atEnd) {
    const control = from.u8()
    if (control < 128) {
      const step = BigInt.asIntN(8, BigInt(from.u8()))
      let value = from.varint(signed)
      for (let i = 0; i < control + 3; i++, value += step) values.push(value)
    } else {
      for (let i = 0; i < 256 - control; i++) values.push(from.varint(signed))
    }
  }
  return values
}

export const kindsOfV2 = ['short repeat', 'direct', 'patched base', 'delta'] as const

/** The values, and of which kinds their runs were. */
export function decodeV2(bytes: Uint8Array, signed: boolean): { values: bigint[]; kinds: string[] } {
  const values: bigint[] = []
  const kinds: string[] = []
  const from = new Cursor(bytes)
  while (!from.atEnd) {
    const first = from.u8()
    const kind = first >> 6
    kinds.push(kindsOfV2[kind]!)
    if (kind === 0) {
      const value = unzigzag(from.bigEndian(((first >> 3) & 7) + 1), signed)
      for (let i = 0; i < (first & 7) + 3; i++) values.push(value)
      continue
    }
    const code = (first >> 1) & 31
    const count = (((first & 1) << 8) | from.u8()) + 1
    if (kind === 1) for (const value of from.bits(count, widthOf(code))) values.push(unzigzag(value, signed))
    if (kind === 2) values.push(...patched(from, code, count))
    if (kind === 3) values.push(...delta(from, code, count, signed))
  }
  return { values, kinds }
}

function delta(from: Cursor, code: number, count: number, signed: boolean): bigint[] {
  const values = [from.varint(signed)]
  const step = from.varint(true)
  if (count > 1) values.push(values[0]! + step)
  const steps = code === 0 ? [] : from.bits(count - 2, widthOf(code))
  while (values.length < count) {
    const next = code === 0 ? step : step < 0n ? -steps[values.length - 2]! : steps[values.length - 2]!
    values.push(values.at(-1)! + next)
  }
  return values
}

function patched(from: Cursor, code: number, count: number): bigint[] {
  const third = from.u8()
  const fourth = from.u8()
  const baseBits = BigInt(((third >> 5) + 1) * 8)
  const stored = from.bigEndian((third >> 5) + 1)
  const sign = 1n << (baseBits - 1n)
  const base = stored & sign ? -(stored ^ sign) : stored
  const patchWidth = widthOf(third & 31)
  const gapWidth = (fourth >> 5) + 1
  assert.ok(patchWidth + gapWidth <= 64 && (fourth & 31) > 0)
  const width = widthOf(code)
  const values = from.bits(count, width)
  let at = 0
  for (const patch of from.bits(fourth & 31, closest(patchWidth + gapWidth))) {
    at += Number(patch >> BigInt(patchWidth))
    values[at]! |= (patch & ((1n << BigInt(patchWidth)) - 1n)) << BigInt(width)
  }
  return values.map((value) => value + base)
}

const large = [26, 28, 30, 32, 40, 48, 56, 64]
const widthOf = (code: number): number => (code < 24 ? code + 1 : large[code - 24]!)
const closest = (bits: number): number => (bits <= 24 ? bits : large.find((width) => width >= bits)!)

const unzigzag = (value: bigint, signed: boolean): bigint => (signed ? (value >> 1n) ^ -(value & 1n) : value)

class Cursor {
  #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  u8(): number {
    const byte = this.#bytes[this.#at++]
    assert.ok(byte !== undefined, 'a run ends within its stream')
    return byte
  }

  varint(signed: boolean): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 128) return unzigzag(value, signed)
    }
  }

  bigEndian(count: number): bigint {
    let value = 0n
    for (let i = 0; i < count; i++) value = (value << 8n) | BigInt(this.u8())
    return value
  }

  /** Values of so many bits each; the last byte's bits behind them are zeros. */
  bits(count: number, width: number): bigint[] {
    const bytes = Math.ceil((count * width) / 8)
    const spare = BigInt(bytes * 8 - count * width)
    const all = this.bigEndian(bytes)
    assert.equal(all & ((1n << spare) - 1n), 0n)
    const mask = (1n << BigInt(width)) - 1n
    return Array.from({ length: count }, (_, i) => (all >> (spare + BigInt((count - 1 - i) * width))) & mask)
  }
}
