import { GrowingBytes } from './growing-bytes.ts'

/*
 * Writing Protocol Buffers, as much of it as ORC's metadata takes:
 *
 *   field     tag varint (number << 3 | type), then by type
 *     0         varint; sint: zigzag of it
 *     1         8 bytes, little-endian
 *     2         length varint, bytes: strings, messages, packed numbers
 *
 * A field that is undefined is left out.
 */
export class ProtobufMessage {
  #out = new GrowingBytes()

  /** uint32, uint64, enum, bool. */
  uint(field: number, value: number | bigint | boolean | undefined): this {
    if (value === undefined) return this
    this.#out.varint(field * 8)
    this.#varint(value)
    return this
  }

  /** sint32, sint64. */
  sint(field: number, value: number | bigint | undefined): this {
    return this.uint(field, value === undefined ? undefined : zigzag(value))
  }

  double(field: number, value: number | undefined): this {
    if (value === undefined) return this
    this.#out.varint(field * 8 + 1)
    this.#out.reserve(8)
    this.#out.length = this.#out.bytes.writeDoubleLE(value, this.#out.length)
    return this
  }

  bytes(field: number, value: Uint8Array | undefined): this {
    if (value === undefined) return this
    this.#out.varint(field * 8 + 2)
    this.#out.varint(value.length)
    this.#out.append(value)
    return this
  }

  string(field: number, value: string | undefined): this {
    return this.bytes(field, value === undefined ? undefined : Buffer.from(value))
  }

  message(field: number, value: ProtobufMessage | undefined): this {
    return this.bytes(field, value?.written())
  }

  /** Repeated numbers in one field. */
  packed(field: number, values: readonly number[]): this {
    if (values.length === 0) return this
    const numbers = new GrowingBytes()
    for (const value of values) numbers.varint(value)
    return this.bytes(field, numbers.written())
  }

  written(): Buffer {
    return this.#out.written()
  }

  #varint(value: number | bigint | boolean): void {
    if (typeof value === 'bigint') this.#out.bigVarint(value)
    else this.#out.varint(Number(value))
  }
}

function zigzag(value: number | bigint): bigint {
  const wide = BigInt(value)
  return wide < 0n ? -2n * wide - 1n : 2n * wide
}
