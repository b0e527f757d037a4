/*
 * MD5 (RFC 1321) of four short texts at a time, for requests that bring hundreds of partition keys. Each of its 64 steps
 * waits for the one before it, so that one text alone leaves most of the processor idle; in lanes of a vector four take
 * as long as one. JavaScript has no vectors, WebAssembly has: what follows writes down this function, and nothing else,
 * in WebAssembly's binary format (https://webassembly.github.io/spec/core/binary/):
 *
 *   memory, from 0:    words[16]: v128      word i of the four blocks, each 64 bytes as drawn in md5.ts
 *   memory, at 256:    digest[4]: v128      a, b, c, d of the four
 *
 *   (func $md5                              every line on vectors of four 32-bit words
 *     a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476
 *     for step in 0..63:                    written out: 64 times these
 *       sum = a + f(b, c, d) + words[wordOf(step)] + floor(2^32 × |sin(step + 1)|)
 *       a = b + (sum << turn | sum >>> 32 - turn)
 *       a, b, c, d = d, a, b, c
 *     digest = a + 0x67452301, b + …, c + …, d + …)
 *
 * Bytes that are given as words are little-endian, in MD5 as in WebAssembly.
 */

export const laneCount = 4
const wordsInBlock = 16
const lengthWord = 14
const digestAt = 256

/** By the step's quarter: which word comes, how far is turned. */
const wordOf = [(i: number) => i, (i: number) => 5 * i + 1, (i: number) => 3 * i + 5, (i: number) => 7 * i]
const turns = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
]
const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]

const opcode = { get: 0x20, set: 0x21, tee: 0x22, constant: 0x41, end: 0x0b }
const vector = {
  load: 0,
  store: 11,
  constant: 12,
  not: 77,
  or: 80,
  xor: 81,
  select: 82,
  shl: 171,
  shrU: 173,
  add: 174,
}

/** A number as WebAssembly writes it (LEB128, unsigned). */
function leb(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(number >>> 7)]
}

const get = (local: number) => [opcode.get, local]
const op = (code: number, ...operands: number[]) => [0xfd, ...leb(code), ...operands]
/** Alignment 2^4, and where. */
const at = (offset: number) => [4, ...leb(offset)]
const word = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
const all = (value: number) => op(vector.constant, ...Array.from({ length: laneCount }, () => word(value)).flat())
const zero = [opcode.constant, 0]

/** The quarters' functions of b, c and d. */
const mixed = [
  (b: number, c: number, d: number) => [...get(c), ...get(d), ...get(b), ...op(vector.select)],
  (b: number, c: number, d: number) => [...get(b), ...get(c), ...get(d), ...op(vector.select)],
  (b: number, c: number, d: number) => [...get(b), ...get(c), ...op(vector.xor), ...get(d), ...op(vector.xor)],
  (b: number, c: number, d: number) => [
    ...get(c),
    ...get(b),
    ...get(d),
    ...op(vector.not),
    ...op(vector.or),
    ...op(vector.xor),
  ],
]

const sumLocal = 4

function step(i: number): number[] {
  const quarter = i >> 4
  const [a, b, c, d] = [0, 1, 2, 3].map((local) => (local - i) & 3) as [number, number, number, number]
  const turn = turns[quarter]![i & 3]!
  return [
    ...get(a),
    ...mixed[quarter]!(b, c, d),
    ...op(vector.add),
    ...[...zero, ...op(vector.load, ...at(16 * (wordOf[quarter]!(i) & 15)))],
    ...op(vector.add),
    ...all(Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1)))),
    ...op(vector.add),
    ...[opcode.tee, sumLocal],
    ...[opcode.constant, turn, ...op(vector.shl)],
    ...get(sumLocal),
    ...[opcode.constant, 32 - turn, ...op(vector.shrU)],
    ...op(vector.or),
    ...get(b),
    ...op(vector.add),
    ...[opcode.set, a],
  ]
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const code = [
    ...initial.flatMap((value, local) => [...all(value), opcode.set, local]),
    ...Array.from({ length: 64 }, (_, i) => step(i)).flat(),
    ...initial.flatMap((value, local) => [
      ...[...zero, ...get(local), ...all(value)],
      ...[...op(vector.add), ...op(vector.store, ...at(digestAt + 16 * local))],
    ]),
    opcode.end,
  ]
  const v128 = 0x7b
  const body = [1, 5, v128, ...code] // five locals
  const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content]
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [1, 0x60, 0, 0]), // one type: from nothing to nothing
    ...section(3, [1, 0]), // one function of that type
    ...section(5, [1, 0, 1]), // one memory of a page
    ...section(7, [2, ...name('memory'), 2, 0, ...name('md5'), 0, 0]), // both for all to see
    ...section(10, [1, ...leb(body.length), ...body]),
  ])
}

/** What is used of it here: only browsers' types tell of it, and Node has it as they do. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** Takes four texts, one in each lane, and gives their digests. */
export class Md5Lanes {
  readonly #run: () => void
  readonly #words: Int32Array
  readonly #digest: DataView

  private constructor(run: () => void, memory: ArrayBuffer) {
    this.#run = run
    this.#words = new Int32Array(memory, 0, wordsInBlock * laneCount)
    this.#digest = new DataView(memory, digestAt)
  }

  /** Undefined where the processor, or how Node was started, does not allow for it. */
  static make(): Md5Lanes | undefined {
    const bytes = moduleBytes()
    if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
    return new Md5Lanes(exports.md5 as () => void, (exports.memory as { buffer: ArrayBuffer }).buffer)
  }

  /** Puts a text of at most `shortBytesMax` bytes into a lane, padded. */
  fill(lane: number, bytes: Uint8Array, start: number, end: number): void {
    const words = this.#words
    let to = lane
    let from = start
    for (; from + 4 <= end; from += 4, to += laneCount)
      words[to] = bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
    let last = 0x80
    for (let left = end - 1; left >= from; left--) last = (last << 8) | bytes[left]!
    words[to] = last
    for (to += laneCount; to < lengthWord * laneCount; to += laneCount) words[to] = 0
    words[lengthWord * laneCount + lane] = 8 * (end - start)
  }

  run(): void {
    this.#run()
  }

  /** The first 32 bits of the digest of what is in a lane. */
  start(lane: number): number {
    return this.#digest.getUint32(4 * lane)
  }
}
