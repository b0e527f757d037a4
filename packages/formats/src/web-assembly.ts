/*
 * As much of WebAssembly's binary format (https://webassembly.github.io/spec/core/binary/) as it takes to write a few
 * functions down: what JavaScript cannot say, several bytes or words at a time (md5-vectors.ts, base64-lanes.ts).
 *
 *   "\0asm" 1:u32   section:u8 length:u32 …   …     of each: 1 types, 3 functions, 5 memories, 7 exports, 10 code, 11 data
 *
 * Numbers are LEB128: seven bits in each byte, the lowest first.
 */

export const type = { i32: 0x7f, v128: 0x7b, none: 0x40 }

export const opcode = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  constant: 0x41,
  eqz: 0x45,
  gt: 0x4a,
  add: 0x6a,
  sub: 0x6b,
}

/** A size, or a number of an instruction. */
const leb = (number: number): number[] => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(number >>> 7)])

/** A constant from 0 on: the top bit of the last seven is a sign. */
const signedLeb = (number: number): number[] =>
  number < 0x40 ? [number] : [(number & 0x7f) | 0x80, ...signedLeb(number >>> 7)]

export const get = (local: number) => [opcode.get, local]
export const set = (local: number) => [opcode.set, local]
export const tee = (local: number) => [opcode.tee, local]
export const constant = (value: number) => [opcode.constant, ...signedLeb(value)]

/** An instruction on vectors. */
export const vectorOp = (code: number, ...operands: number[]) => [0xfd, ...leb(code), ...operands]

/** Where a vector lies, from the address on the stack: on any byte; reading is no slower where it is a multiple of 16. */
export const at = (offset: number) => [0, ...leb(offset)]

/** Its parameters are numbers (i32), and behind them its locals: `numbers` more, then `vectors`. */
export type WrittenFunction = {
  readonly parameters: number
  readonly numbers: number
  readonly vectors: number
  readonly returnsNumber: boolean
  readonly code: readonly number[]
}

const pageBytes = 64 * 1024

/**
 * The functions by their names, and `memoryBytes` of memory for all of them, which begins with `data`. Undefined where the
 * processor, or how Node was started, does not allow for it.
 */
export function instanceOf<Name extends string>(
  functions: Readonly<Record<Name, WrittenFunction>>,
  memoryBytes: number,
  data: readonly number[] = [],
):
  | { readonly run: Readonly<Record<Name, (...numbers: number[]) => number>>; readonly memory: ArrayBuffer }
  | undefined {
  const bytes = moduleBytes(functions, Math.ceil(memoryBytes / pageBytes), data)
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return { run: exports as never, memory: (exports.memory as { buffer: ArrayBuffer }).buffer }
}

function moduleBytes(
  functions: Readonly<Record<string, WrittenFunction>>,
  pages: number,
  data: readonly number[],
): Uint8Array<ArrayBuffer> {
  const sized = (content: readonly number[]) => [...leb(content.length), ...content]
  const listed = (items: readonly (readonly number[])[]) => [...leb(items.length), ...items.flat()]
  const section = (id: number, content: number[]) => [id, ...sized(content)]
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  const written = Object.values(functions)
  const typeOf = ({ parameters, returnsNumber }: WrittenFunction) => [
    ...[0x60, ...listed(Array.from({ length: parameters }, () => [type.i32]))],
    ...listed(returnsNumber ? [[type.i32]] : []),
  ]
  const bodyOf = ({ numbers, vectors, code }: WrittenFunction) =>
    sized([2, numbers, type.i32, vectors, type.v128, ...code, opcode.end])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, listed(written.map(typeOf))),
    ...section(3, listed(written.map((_, i) => [i]))),
    ...section(5, listed([[0, ...leb(pages)]])),
    ...section(7, listed([[...name('memory'), 2, 0], ...Object.keys(functions).map((one, i) => [...name(one), 0, i])])),
    ...section(10, listed(written.map(bodyOf))),
    ...section(11, listed([[0, ...constant(0), opcode.end, ...sized(data)]])),
  ])
}

/** What is used of it here: only browsers' types tell of it, and Node has it as they do. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
}
