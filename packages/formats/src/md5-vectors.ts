import { at, constant, get, instanceOf, opcode, set, tee, type, vectorOp } from './web-assembly.ts'

/*
 * The code of md5-lanes.ts: JavaScript has no vectors, WebAssembly has. What follows writes down one function, twice, in
 * WebAssembly's binary format (web-assembly.ts). Lanes 0 to 3 are one vector, lanes 4 to 7
 * another ("half"): md5 takes both, whose steps alternate, for each waits for the one before it; md5OfHalf the first alone.
 *
 *   memory   state[2 halves][4]: v128     a, b, c, d of the lanes of a half
 *            words[2 halves][16]: v128    word i of the block at hand, of the lanes of a half
 *            table[64]: v128              floor(2^32 × |sin(step + 1)|), four times: read sooner than a constant is made
 *            pieces[8 lanes]: 16 KiB      what comes next in each lane: whole blocks, padded
 *
 *   (func $md5 (param $blocks i32)        every line for each half, on vectors of four 32-bit words
 *     a, b, c, d = state
 *     do
 *       words = the next 64 bytes of the pieces, turned: rows are lanes there, columns here
 *       for step in 0..63:                written out: 64 times these
 *         sum = a + f(b, c, d) + words[wordOf(step)] + table[step]
 *         a = b + (sum << turn | sum >>> 32 - turn)
 *         a, b, c, d = d, a, b, c
 *       a, b, c, d = state = state + a, b, c, d
 *     while --blocks)
 *
 * Bytes that are given as words are little-endian, in MD5 as in WebAssembly.
 */

const halves = [0, 1]
const four = [0, 1, 2, 3] as const
export const laneCount = 4 * halves.length
const steps = 64

/** What a lane takes at once; all eight fit a core's own cache. */
export const pieceBytes = 16 * 1024
export const stateAt = 0
const wordsAt = stateAt + halves.length * 64
export const tableAt = wordsAt + halves.length * 256
export const piecesAt = tableAt + steps * 16

/** The table's numbers. */
export const constants = Array.from({ length: steps }, (_, step) => Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))))

/** By the step's quarter: which word comes, how far is turned. */
const wordOf = [(i: number) => i, (i: number) => 5 * i + 1, (i: number) => 3 * i + 5, (i: number) => 7 * i]
const turns = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
]

const vector = {
  load: 0,
  store: 11,
  shuffle: 13,
  not: 77,
  and: 78,
  andNot: 79,
  or: 80,
  xor: 81,
  shl: 171,
  shrU: 173,
  add: 174,
}

const op = vectorOp
const load = (offset: number) => [...constant(0), ...op(vector.load, ...at(offset))]

/** Locals: two numbers, then vectors. */
const blocks = 0
const position = 1
const variable = (half: number, i: number) => 2 + 5 * half + i
const sum = (half: number) => variable(half, 4)
const row = (i: number) => variable(halves.length, i)
const vectorCount = 5 * halves.length + 8

/** The quarters' functions of b, c and d. In the second the two sides have no bit in common: adding them is as good as or. */
const mixed = [
  (b: number, c: number, d: number) => [
    ...[...get(c), ...get(d), ...op(vector.xor)],
    ...[...get(b), ...op(vector.and), ...get(d), ...op(vector.xor)],
  ],
  (b: number, c: number, d: number) => [
    ...[...get(c), ...get(d), ...op(vector.andNot)],
    ...[...get(b), ...get(d), ...op(vector.and), ...op(vector.add)],
  ],
  (b: number, c: number, d: number) => [...get(c), ...get(d), ...op(vector.xor), ...get(b), ...op(vector.xor)],
  (b: number, c: number, d: number) => [
    ...[...get(d), ...op(vector.not), ...get(b), ...op(vector.or)],
    ...[...get(c), ...op(vector.xor)],
  ],
]

function step(i: number, half: number): number[] {
  const quarter = i >> 4
  const [a, b, c, d] = four.map((local) => variable(half, (local - i) & 3)) as [number, number, number, number]
  const turn = turns[quarter]![i & 3]!
  return [
    ...[...get(a), ...load(wordsAt + 256 * half + 16 * (wordOf[quarter]!(i) & 15)), ...op(vector.add)],
    ...[...load(tableAt + 16 * i), ...op(vector.add)],
    ...[...mixed[quarter]!(b, c, d), ...op(vector.add), ...tee(sum(half))],
    ...[...constant(turn), ...op(vector.shl)],
    ...[...get(sum(half)), ...constant(32 - turn), ...op(vector.shrU), ...op(vector.or)],
    ...[...get(b), ...op(vector.add), ...set(a)],
  ]
}

/** Four words out of eight: 0 to 3 are those of `x`, 4 to 7 those of `y`. */
const shuffled = (x: number, y: number, words: readonly number[]) => [
  ...[...get(x), ...get(y)],
  ...op(vector.shuffle, ...words.flatMap((word) => four.map((byte) => 4 * word + byte))),
]

/** Words 4 × `quarter` to 4 × `quarter` + 3 of a half's lanes. */
function turned(half: number, quarter: number): number[] {
  const from = (lane: number) => piecesAt + (4 * half + lane) * pieceBytes + 16 * quarter
  const store = (word: number, value: number[]) => [
    ...[...constant(0), ...value],
    ...op(vector.store, ...at(wordsAt + 256 * half + 16 * (4 * quarter + word))),
  ]
  return [
    ...four.flatMap((lane) => [...get(position), ...op(vector.load, ...at(from(lane))), ...set(row(lane))]),
    ...[...shuffled(row(0), row(1), [0, 4, 1, 5]), ...set(row(4))],
    ...[...shuffled(row(2), row(3), [0, 4, 1, 5]), ...set(row(5))],
    ...[...shuffled(row(0), row(1), [2, 6, 3, 7]), ...set(row(6))],
    ...[...shuffled(row(2), row(3), [2, 6, 3, 7]), ...set(row(7))],
    ...store(0, shuffled(row(4), row(5), [0, 1, 4, 5])),
    ...store(1, shuffled(row(4), row(5), [2, 3, 6, 7])),
    ...store(2, shuffled(row(6), row(7), [0, 1, 4, 5])),
    ...store(3, shuffled(row(6), row(7), [2, 3, 6, 7])),
  ]
}

/** Of the lanes of these halves. */
function functionBody(some: readonly number[]): number[] {
  const eachVariable = (code: (half: number, i: number, place: number) => number[]) =>
    some.flatMap((half) => four.flatMap((i) => code(half, i, stateAt + 64 * half + 16 * i)))
  return [
    ...eachVariable((half, i, place) => [...load(place), ...set(variable(half, i))]),
    ...[opcode.loop, type.none],
    ...some.flatMap((half) => four.flatMap((quarter) => turned(half, quarter))),
    ...Array.from({ length: steps }, (_, i) => some.flatMap((half) => step(i, half))).flat(),
    ...eachVariable((half, i, place) => [
      ...[...constant(0), ...get(variable(half, i)), ...load(place), ...op(vector.add)],
      ...[...tee(variable(half, i)), ...op(vector.store, ...at(place))],
    ]),
    ...[...get(position), ...constant(64), opcode.add, ...set(position)],
    ...[...get(blocks), ...constant(1), opcode.sub, ...tee(blocks), opcode.brIf, 0],
    opcode.end,
  ]
}

/** Undefined where there are no vectors. */
export function md5Instance() {
  const written = (some: readonly number[]) => ({
    parameters: 1,
    numbers: 1,
    vectors: vectorCount,
    returnsNumber: false,
    code: functionBody(some),
  })
  const functions = { md5: written(halves), md5OfHalf: written(halves.slice(0, 1)) }
  return instanceOf(functions, piecesAt + laneCount * pieceBytes)
}
