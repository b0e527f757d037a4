/**
 * The same bytes in chunks of exactly so many, the last one shorter; nothing for no bytes. A chunk within one part is a view
 * of it, others are copies.
 */
export function* chunksOf(parts: Iterable<Uint8Array>, chunkBytes: number): Generator<Uint8Array> {
  let open: Uint8Array[] = []
  let openBytes = 0
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; ) {
      const piece = part.subarray(at, at + chunkBytes - openBytes)
      at += piece.byteLength
      open.push(piece)
      openBytes += piece.byteLength
      if (openBytes < chunkBytes) continue
      yield joined(open)
      open = []
      openBytes = 0
    }
  }
  if (openBytes > 0) yield joined(open)
}

const joined = (pieces: readonly Uint8Array[]) => (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
