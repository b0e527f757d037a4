import type { GrowingBytes } from './growing-bytes.ts'

/** Within these a number, its zigzag form and the difference of two are exact, and need no bigint. */
export const narrowMax = 2 ** 52 - 1

/** Zigzag: small numbers of either sign become small numbers. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
export const wideZigzag = (value: bigint): bigint => (value < 0n ? -2n * value - 1n : 2n * value)

/** A varint, zigzag if it is signed. */
export function writeVarint(out: GrowingBytes, value: number | bigint, signed: boolean): void {
  if (typeof value === 'bigint') out.bigVarint(signed ? wideZigzag(value) : value)
  else out.varint(signed ? zigzag(value) : value)
}
