const newline = 0x0a
const space = 0x20

/**
 * SINGLELINE: many lines become one. Each loses what is blank at its ends (Java's `trim`: every byte up to the space),
 * and they are put together without anything between. Bytes that are not UTF-8 stay as they are.
 */
export function singleLineConverter(record: Buffer): Buffer {
  const firstEnd = record.indexOf(newline)
  if (firstEnd === record.length - 1 && record[0]! > space && firstEnd > 0 && record[firstEnd - 1]! > space)
    return record
  const line = Buffer.allocUnsafe(record.length + 1)
  let length = 0
  for (let start = 0; start < record.length; ) {
    const found = record.indexOf(newline, start)
    const end = found === -1 ? record.length : found
    const [from, to] = trimmed(record, start, end)
    length += record.copy(line, length, from, to)
    start = end + 1
  }
  line[length] = newline
  return line.subarray(0, length + 1)
}

function trimmed(record: Buffer, start: number, end: number): [from: number, to: number] {
  let from = start
  let to = end
  while (from < to && record[from]! <= space) from++
  while (to > from && record[to - 1]! <= space) to--
  return [from, to]
}
