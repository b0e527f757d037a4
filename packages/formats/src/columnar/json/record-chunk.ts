/*
 * Records on their way to be parsed, all of them at once: joined into one JSON array, with a text between every two that no
 * record can contain, because nobody knows it:
 *
 *   [ record , "SEPARATOR" , record , "SEPARATOR" , record ]
 *
 * When that is parsed, and the separators stand where they were put, then each record is exactly one JSON value: a record
 * that is cut off, or that holds two values, would have moved them.
 */

export type RecordChunk = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where each record begins in `bytes`, and where it ends. */
  readonly starts: Uint32Array<ArrayBuffer>
  readonly ends: Uint32Array<ArrayBuffer>
  readonly separator: string
}

/** Records one behind the other from an array, of so many bytes at most, but at least one. */
export function chunkOfRange(
  records: readonly { readonly data: Uint8Array }[],
  from: number,
  bytesMax: number,
  separator: string,
): RecordChunk {
  let bytes = 0
  let to = from
  while (to < records.length && (to === from || bytes + records[to]!.data.byteLength <= bytesMax))
    bytes += records[to++]!.data.byteLength
  return chunkOf(
    records.slice(from, to).map(({ data }) => data),
    separator,
  )
}

/** @param separator letters and digits, by chance: what no client can guess */
export function chunkOf(records: readonly Uint8Array[], separator: string): RecordChunk {
  const between = new TextEncoder().encode(`,"${separator}",`)
  const sizeBytes = records.reduce((sum, { byteLength }) => sum + byteLength + between.byteLength, 2)
  const bytes = new Uint8Array(sizeBytes)
  const starts = new Uint32Array(records.length)
  const ends = new Uint32Array(records.length)
  let at = 0
  bytes[at++] = 0x5b
  for (let i = 0; i < records.length; i++) {
    if (i > 0) {
      bytes.set(between, at)
      at += between.byteLength
    }
    starts[i] = at
    bytes.set(records[i]!, at)
    at += records[i]!.byteLength
    ends[i] = at
  }
  bytes[at++] = 0x5d
  return { bytes: bytes.subarray(0, at), starts, ends, separator }
}
