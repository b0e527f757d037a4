/*
 * DER (ITU-T X.690), as much of it as a certificate needs: a tag, a length, the content.
 *
 *   length below 128: one byte;  else 0x80 + n, and n bytes, big-endian
 */
function item(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const long = length < 0x80 ? [] : length < 0x100 ? [0x81] : [0x82, length >> 8]
  return Buffer.concat([Buffer.from([tag, ...long, length & 0xff]), content])
}

export const sequence = (...items: readonly Uint8Array[]) => item(0x30, ...items)
export const set = (...items: readonly Uint8Array[]) => item(0x31, ...items)
export const utf8String = (text: string) => item(0x0c, Buffer.from(text))
export const octetString = (content: Uint8Array) => item(0x04, content)
/** `unusedBits` of the last byte are none of it. */
export const bitString = (content: Uint8Array, unusedBits = 0) => item(0x03, Buffer.from([unusedBits]), content)
export const isTrue = item(0x01, Buffer.from([0xff]))
/** `[n]` around a whole item. */
export const explicit = (n: number, content: Uint8Array) => item(0xa0 | n, content)
/** `[n]` instead of the item's own tag, for what has no items inside. */
export const implicit = (n: number, content: Uint8Array) => item(0x80 | n, content)

/** A number that is not negative, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? new Uint8Array(1) : bytes.subarray(first)
  return item(0x02, digits[0]! >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), digits)
}

/** e.g. `2.5.29.17`: the first two numbers are one byte, the others are in base 128, with a high bit before the last. */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const bytes = [40 * first! + second!]
  for (const number of rest) {
    const digits = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f))
    bytes.push(...digits)
  }
  return item(0x06, Buffer.from(bytes))
}

/** In seconds. RFC 5280, section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
export function time(date: Date): Buffer {
  const digits = `${date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')}`
  return date.getUTCFullYear() < 2050 ? item(0x17, Buffer.from(digits.slice(2))) : item(0x18, Buffer.from(digits))
}
