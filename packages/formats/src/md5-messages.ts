import { hash } from 'node:crypto'
import { blockBytes, halfCount, laneCount, type Md5Lanes, md5Lanes, pieceBytes } from './md5-lanes.ts'

/*
 * A message as MD5 (RFC 1321) takes it: whole blocks of 64 bytes.
 *
 *   message   0x80   zeros   length in bits:u64 little-endian
 */
const lengthBytes = 8

export const digestBytes = 16

/** Fewer bytes than these, all together, are not worth the lanes' making. */
const laneBytesMin = 64 * 1024

/** Four lanes take as long as so many messages do one after the other, and eight. */
const halfCost = 1.8
const lanesCost = 2.5

/** The MD5 digests of messages, one behind the other. Several that are about as long take much less than each by itself. */
export function md5OfMessages(messages: readonly Uint8Array[]): Uint8Array {
  const digests = new Uint8Array(digestBytes * messages.length)
  const lengths = messages.map((message) => message.byteLength)
  // The longest first: those side by side are then about as long, and no lane waits for long.
  const order = messages.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]!)
  for (let at = 0; at < order.length; ) {
    const group = order.slice(at, at + laneCount)
    const total = group.reduce((sum, i) => sum + lengths[i]!, 0)
    const longest = lengths[group[0]!]!
    const cost = group.length > halfCount ? lanesCost : halfCost
    const lanes = total >= laneBytesMin && total > cost * longest ? md5Lanes() : undefined
    if (lanes) {
      sideBySide(lanes, messages, group, digests)
      at += group.length
    } else {
      digests.set(hash('md5', messages[group[0]!]!, 'buffer'), digestBytes * group[0]!)
      at++
    }
  }
  return digests
}

/** `group` are the messages' indexes, the longest first. */
function sideBySide(
  lanes: Md5Lanes,
  messages: readonly Uint8Array[],
  group: readonly number[],
  digests: Uint8Array,
): void {
  lanes.begin()
  let open = group.length
  let done = 0
  while (open > 0) {
    // Up to where the next of them ends: the last one of those still open is the shortest.
    const left = blocksOf(messages[group[open - 1]!]!.byteLength) - done
    const blocks = Math.min(left, pieceBytes / blockBytes)
    for (let lane = 0; lane < open; lane++)
      copyPadded(messages[group[lane]!]!, done * blockBytes, (done + blocks) * blockBytes, lanes.piece(lane))
    lanes.run(blocks, open)
    done += blocks
    for (; open > 0 && blocksOf(messages[group[open - 1]!]!.byteLength) === done; open--)
      lanes.copyDigest(open - 1, digests, digestBytes * group[open - 1]!)
  }
}

/** How many blocks a message of so many bytes takes. */
const blocksOf = (length: number): number => Math.ceil((length + 1 + lengthBytes) / blockBytes)

/** Copies from `start` to `end` of a padded message. */
function copyPadded(message: Uint8Array, start: number, end: number, target: Uint8Array): void {
  const { byteLength } = message
  if (end <= byteLength) {
    target.set(message.subarray(start, end))
    return
  }
  const rest = message.subarray(Math.min(start, byteLength))
  target.set(rest)
  target.fill(0, rest.byteLength, end - start)
  if (start <= byteLength) target[rest.byteLength] = 0x80
  if (end === blocksOf(byteLength) * blockBytes)
    new DataView(target.buffer, target.byteOffset).setBigUint64(
      end - start - lengthBytes,
      8n * BigInt(byteLength),
      true,
    )
}
