/** A record as text, without the end of its last line; bytes that are not UTF-8 become U+FFFD. */
export function lineText(record: Buffer): string {
  let end = record.length
  if (record[end - 1] === 0x0a) end--
  if (record[end - 1] === 0x0d) end--
  return record.toString('utf8', 0, end)
}
