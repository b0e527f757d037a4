import { crc32 } from 'node:zlib'
import { type AttributeValue, bytesOf } from './attribute-value.ts'
import { orderTextOf } from './decimal.ts'

/**
 * A key's value as a text that compares, by code unit, as DynamoDB compares the values: texts by their UTF-8 bytes,
 * numbers by size, byte strings by byte. Two values of one type have the same text only if they are equal.
 */
export function keyText(value: AttributeValue): string {
  if (value.N !== undefined) return orderTextOf(value.N)
  if (value.B !== undefined) return bytesOf(value.B).toString('latin1')
  const text = value.S!
  return /[\ud800-\uffff]/.test(text) ? inCodePointOrder(text) : text
}

/** UTF-16 puts surrogates below U+E000 to U+FFFF, UTF-8 above: they change places. */
function inCodePointOrder(text: string): string {
  let ordered = ''
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    ordered += String.fromCharCode(unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
  }
  return ordered
}

/** Where a partition stands in a scan, and to which segment it belongs: 32 bits. */
export const partitionHash = (partition: string): number => crc32(Buffer.from(partition, 'utf16le'))
