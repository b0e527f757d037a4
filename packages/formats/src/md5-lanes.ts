import { constants, laneCount, md5Instance, pieceBytes, piecesAt, stateAt, tableAt } from './md5-vectors.ts'

/*
 * MD5 (RFC 1321) of eight messages at a time. Each of its 64 steps waits for the one before it, so that one message alone
 * leaves most of the processor idle; in the lanes of vectors four take 1.7 times as long as one, and eight 2.1 times. The code
 * that runs is in md5-vectors.ts.
 */

export { laneCount, pieceBytes }
export const halfCount = laneCount / 2

export const blockBytes = 64
const wordsInPiece = pieceBytes / 4
const lengthWord = 14
const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]

type Instance = NonNullable<ReturnType<typeof md5Instance>>

/** Takes eight messages, one in each lane, a piece of all of them at a time, and gives their digests. */
export class Md5Lanes {
  readonly #runAll: (blocks: number) => void
  readonly #runHalf: (blocks: number) => void
  readonly #initialState: Uint32Array
  /** Word i of four lanes, and behind all of these the same of the other four. */
  readonly #state: Uint32Array
  readonly #pieces: Int32Array
  readonly #pieceBytes: Uint8Array

  private constructor({ run, memory }: Instance) {
    this.#runAll = run.md5
    this.#runHalf = run.md5OfHalf
    const table = new Uint32Array(memory, tableAt, 4 * constants.length)
    for (const [step, constant] of constants.entries()) table.fill(constant, 4 * step, 4 * step + 4)
    this.#initialState = Uint32Array.from({ length: 4 * laneCount }, (_, i) => initial[(i >> 2) & 3]!)
    this.#state = new Uint32Array(memory, stateAt, 4 * laneCount)
    this.#pieces = new Int32Array(memory, piecesAt, laneCount * wordsInPiece)
    this.#pieceBytes = new Uint8Array(memory, piecesAt, laneCount * pieceBytes)
  }

  /** Undefined where the processor, or how Node was started, does not allow for it. */
  static make(): Md5Lanes | undefined {
    const instance = md5Instance()
    return instance && new Md5Lanes(instance)
  }

  /** Begins eight messages. */
  begin(): void {
    this.#state.set(this.#initialState)
  }

  /** Where a lane's next blocks go: `pieceBytes` at most. */
  piece(lane: number): Uint8Array {
    return this.#pieceBytes.subarray(lane * pieceBytes, (lane + 1) * pieceBytes)
  }

  /** Puts a whole message of at most `shortBytesMax` bytes into a lane, padded: one block. */
  fillShort(lane: number, bytes: Uint8Array, start: number, end: number): void {
    const words = this.#pieces
    const block = lane * wordsInPiece
    let to = block
    let from = start
    for (; from + 4 <= end; from += 4, to++)
      words[to] = bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
    let last = 0x80
    for (let left = end - 1; left >= from; left--) last = (last << 8) | bytes[left]!
    words[to] = last
    for (to++; to < block + lengthWord; to++) words[to] = 0
    words[block + lengthWord] = 8 * (end - start)
    words[block + lengthWord + 1] = 0
  }

  /** Takes the next so many blocks, 1 or more, of the first so many lanes; what others hold is anything then. */
  run(blocks: number, lanes: number): void {
    if (lanes <= halfCount) this.#runHalf(blocks)
    else this.#runAll(blocks)
  }

  /** The first 32 bits of the digest of what a lane was given. */
  start(lane: number): number {
    return swapped(this.#word(lane, 0))
  }

  /** Writes the digest of what a lane was given. */
  copyDigest(lane: number, target: Uint8Array, at: number): void {
    const view = new DataView(target.buffer, target.byteOffset + at, 16)
    for (let i = 0; i < 4; i++) view.setUint32(4 * i, this.#word(lane, i), true)
  }

  #word(lane: number, i: number): number {
    return this.#state[16 * (lane >> 2) + 4 * i + (lane & 3)]!
  }
}

/** A word with its bytes the other way round. */
const swapped = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0

let lanes: Md5Lanes | 'none' | undefined

/** One for the process, made when it is first asked for: that takes as long as some ten thousand short messages do. */
export function md5Lanes(): Md5Lanes | undefined {
  lanes ??= Md5Lanes.make() ?? 'none'
  return lanes === 'none' ? undefined : lanes
}
