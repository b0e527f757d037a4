import { at, constant, get, instanceOf, opcode, set, type, vectorOp } from './web-assembly.ts'

/*
 * Base64 (RFC 4648, section 4) by sixteen letters at a time. Node decodes only what is a string, which takes longer to make
 * of a body's bytes than to decode. One function, written down in WebAssembly (web-assembly.ts):
 *
 *   memory, from 0:     what $decode has beside its letters: seven vectors (`given`)
 *           at 4096:    letters[65536]
 *           behind:     bytes[49152]
 *
 *   (func $decode (param $letters $last $bytes: i32) (result i32)
 *     while $letters <= $last
 *       sixteen = load($letters)
 *       row = sixteen & 15, column = sixteen >>> 4          a letter's two halves: its places in the tables
 *       if any of columnsIn[row] & bitOf[column] = 0: break               it is no letter
 *       sextets = sixteen + distanceOf[column - (sixteen = "/")]
 *       pairs = sextet << 6 | next sextet                   16 bits, of which 12 count
 *       quads = pair << 12 | next pair                      32 bits, of which 24 count
 *       store($bytes, the three bytes of each quad, the highest first)    sixteen bytes, of which twelve count
 *       $letters += 16, $bytes += 12
 *     $letters)                                             it stands before the first sixteen that are not all letters
 */

/** So many letters are decoded at a time, or none of them. */
export const lettersAtOnce = 16
const bytesAtOnce = 12

const lettersMax = 64 * 1024
const bytesMax = (lettersMax / lettersAtOnce) * bytesAtOnce
const lettersAt = 4096
const bytesAt = lettersAt + lettersMax
/** The last twelve bytes are stored as sixteen. */
const sixteenMore = 16

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const slash = 0x2f

/** By the low half of a letter: a bit for each high half that it may have. By the high half: that bit. */
const columnsIn = new Array<number>(16).fill(0)
const bitOf = Array.from({ length: 16 }, (_, column) => (1 << column) & 0xff)
/** From a letter to its sextet, by its high half; "/" has that of "+", and takes the place before it. */
const distanceOf = new Array<number>(16).fill(0)
for (const [sextet, character] of [...alphabet].entries()) {
  const letter = character.charCodeAt(0)
  columnsIn[letter & 15]! |= 1 << (letter >> 4)
  distanceOf[letter === slash ? (letter >> 4) - 1 : letter >> 4] = (sextet - letter) & 0xff
}

const sixteen = (...repeated: number[]) => Array.from({ length: 16 }, (_, i) => repeated[i % repeated.length]!)

/** Loaded once, before the loop: V8 would put constants together anew each time that it comes by. */
const given = [
  columnsIn,
  bitOf,
  distanceOf,
  sixteen(15),
  sixteen(slash),
  sixteen(0xc0, 0x0f), // what is left of a first sextet when it is six bits further up
  sixteen(0x00, 0x10, 0x01, 0x00), // times 2^12, and times 1
]

const vector = {
  load: 0,
  store: 11,
  shuffle: 13,
  swizzle: 14,
  equalBytes: 35,
  and: 78,
  or: 80,
  allBytes: 99,
  addBytes: 110,
  shlWords: 139,
  shrWords: 141,
  dotWords: 186,
}

const [letters, last, bytes, text, column] = [0, 1, 2, 3, 4]
const givenFrom = 5
const [columns, bits, distances, low, slashes, firsts, factors] = given.map((_, i) => get(givenFrom + i))
const op = vectorOp

const decode = () => [
  ...given.flatMap((_, i) => [...constant(0), ...op(vector.load, ...at(16 * i)), ...set(givenFrom + i)]),
  ...[opcode.block, type.none, opcode.loop, type.none],
  ...[...get(letters), ...get(last), opcode.gt, opcode.brIf, 1],
  ...[...get(letters), ...op(vector.load, ...at(0)), ...set(text)],
  ...[...get(text), ...constant(4), ...op(vector.shrWords), ...low!, ...op(vector.and), ...set(column)],
  ...[...columns!, ...get(text), ...low!, ...op(vector.and), ...op(vector.swizzle)],
  ...[...bits!, ...get(column), ...op(vector.swizzle)],
  ...[...op(vector.and), ...op(vector.allBytes), opcode.eqz, opcode.brIf, 1],
  ...[...distances!, ...get(column), ...get(text), ...slashes!, ...op(vector.equalBytes)], // -1 where they are equal
  ...[...op(vector.addBytes), ...op(vector.swizzle), ...get(text), ...op(vector.addBytes), ...set(text)],
  ...[...get(text), ...constant(6), ...op(vector.shlWords), ...firsts!, ...op(vector.and)],
  ...[...get(text), ...constant(8), ...op(vector.shrWords), ...op(vector.or)],
  ...[...factors!, ...op(vector.dotWords), ...set(text)],
  ...[...get(bytes), ...get(text), ...get(text)],
  ...[...op(vector.shuffle, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15), ...op(vector.store, ...at(0))],
  ...[...get(letters), ...constant(lettersAtOnce), opcode.add, ...set(letters)],
  ...[...get(bytes), ...constant(bytesAtOnce), opcode.add, ...set(bytes)],
  ...[opcode.br, 0, opcode.end, opcode.end],
  ...get(letters),
]

/** Decodes what is written into its memory. */
export class Base64Lanes {
  readonly letters: Buffer
  /** Room for what all the letters stand for. */
  readonly bytes: Buffer
  readonly #run: ((letters: number, last: number, bytes: number) => number) | undefined

  /** Where the processor, or how Node was started, does not allow for vectors, it decodes nothing. */
  constructor() {
    const written = { parameters: 3, numbers: 0, vectors: 2 + given.length, returnsNumber: true, code: decode() }
    const made = instanceOf({ decode: written }, bytesAt + bytesMax + sixteenMore, given.flat())
    this.#run = made?.run.decode
    const memory = made?.memory ?? new ArrayBuffer(bytesAt + bytesMax)
    this.letters = Buffer.from(memory, lettersAt, lettersMax)
    this.bytes = Buffer.from(memory, bytesAt, bytesMax)
  }

  /**
   * Decodes letters from a place on, before `end`, into the bytes from `to` on. Returns how many it took: a multiple of 16,
   * up to the first sixteen that are not all letters.
   */
  decode(from: number, end: number, to: number): number {
    const run = this.#run
    return run ? run(lettersAt + from, lettersAt + end - lettersAtOnce, bytesAt + to) - lettersAt - from : 0
  }
}
