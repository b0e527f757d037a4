/* Where the records lie in one that holds several. Bytes are looked at once, nothing is parsed, nothing is copied. */

const [quote, backslash, openBrace, closeBrace] = [0x22, 0x5c, 0x7b, 0x7d]

/**
 * JSON objects one after the other, with nothing or white space between them: views of them, in order. Undefined if anything
 * else is there, the last one is cut, or there are more than `countMax`.
 */
export function jsonObjectsOf(data: Uint8Array, countMax: number): Uint8Array[] | undefined {
  const found: Uint8Array[] = []
  let start = 0
  let depth = 0
  let inString = false
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]!
    if (inString) {
      if (byte === backslash) at++
      else if (byte === quote) inString = false
    } else if (byte === openBrace) {
      if (depth++ === 0) start = at
    } else if (depth === 0) {
      if (!isWhiteSpace(byte)) return undefined
    } else if (byte === quote) inString = true
    else if (byte === closeBrace && --depth === 0) {
      if (found.length === countMax) return undefined
      found.push(data.subarray(start, at + 1))
    }
  }
  return depth === 0 ? found : undefined
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
