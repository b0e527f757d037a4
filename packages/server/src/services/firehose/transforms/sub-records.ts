/* Where the records lie in one that holds several. Bytes are looked at once, nothing is parsed, nothing is copied. */

const [quote, backslash, openBrace, closeBrace] = [0x22, 0x5c, 0x7b, 0x7d]

/**
 * JSON objects one after the other, with nothing or white space between them: views of them, in order. Undefined if anything
 * else is there, the last one is cut, or there are more than `countMax`.
 */
export function jsonObjectsOf(data: Uint8Array, countMax: number): Uint8Array[] | undefined {
  const found: Uint8Array[] = []
  const end = data.length
  for (let at = 0; ; ) {
    while (at < end && isWhiteSpace(data[at]!)) at++
    if (at === end) return found
    if (data[at] !== openBrace || found.length === countMax) return undefined
    const start = at++
    for (let depth = 1; depth > 0; at++) {
      if (at >= end) return undefined
      const byte = data[at]
      if (byte === quote) {
        for (at++; at < end && data[at] !== quote; at++) if (data[at] === backslash) at++
      } else if (byte === openBrace) depth++
      else if (byte === closeBrace) depth--
    }
    found.push(data.subarray(start, at))
  }
}

/** JSON's white space. */
const isWhiteSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** What lies between delimiters, as views, without what is empty. Undefined if there are more than `countMax`. */
export function delimitedOf(data: Uint8Array, delimiter: Uint8Array, countMax: number): Uint8Array[] | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const found: Uint8Array[] = []
  for (let start = 0; start < data.length; ) {
    const next = bytes.indexOf(delimiter, start)
    const end = next < 0 ? data.length : next
    if (end > start) {
      if (found.length === countMax) return undefined
      found.push(data.subarray(start, end))
    }
    start = end + delimiter.byteLength
  }
  return found
}
