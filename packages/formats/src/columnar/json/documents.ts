import { isUtf8 } from 'node:buffer'
import { parseExactly } from './exact-json.ts'
import { emptyRecord, malformedJson } from './misfit.ts'
import type { RecordChunk } from './record-chunk.ts'

export type DocumentTaker = {
  /** A record that is one JSON value. */
  document(index: number, value: unknown): void
  /** A record that is several, or none, or has to be looked at alone for another reason. */
  alone(index: number): void
}

/** JSON.parse, or one that keeps digits. @throws SyntaxError */
export type Parse = (text: string) => unknown

/**
 * Parses the records of a chunk, in order. All at once where that goes well; else in halves, until what is left is a record
 * that does not go with others.
 */
export function eachRecord(chunk: RecordChunk, parse: Parse, taker: DocumentTaker): void {
  if (chunk.starts.length > 0) parseRange(chunk, 0, chunk.starts.length, parse, taker)
}

function parseRange(chunk: RecordChunk, from: number, to: number, parse: Parse, taker: DocumentTaker): void {
  const values = parsedTogether(chunk, from, to, parse)
  if (values) {
    for (let i = from; i < to; i++) taker.document(i, values[2 * (i - from)])
  } else if (to - from === 1) {
    taker.alone(from)
  } else {
    const middle = (from + to) >>> 1
    parseRange(chunk, from, middle, parse, taker)
    parseRange(chunk, middle, to, parse, taker)
  }
}

/** The values with the separators between them; undefined if they do not stand where they were put. */
function parsedTogether(chunk: RecordChunk, from: number, to: number, parse: Parse): readonly unknown[] | undefined {
  const { bytes, starts, ends, separator } = chunk
  const view = viewOf(bytes, starts[from]!, ends[to - 1]!)
  if (!isUtf8(view)) return undefined
  let values: readonly unknown[]
  try {
    values = parse(`[${view.toString('utf8')}]`) as readonly unknown[]
  } catch {
    return undefined
  }
  const count = to - from
  if (values.length !== 2 * count - 1) return undefined
  for (let i = 1; i < values.length; i += 2) if (values[i] !== separator) return undefined
  return values
}

const viewOf = (bytes: Uint8Array<ArrayBuffer>, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)

/** What one record holds, with all digits; `{"a":1}{"a":2}` are two documents [docs]. @throws Misfit */
export function documentsOf({ bytes, starts, ends }: RecordChunk, index: number): unknown[] {
  const record = viewOf(bytes, starts[index]!, ends[index]!)
  if (!isUtf8(record)) throw malformedJson('Invalid UTF-8.')
  const text = record.toString('utf8')
  if (text.trim() === '') throw emptyRecord()
  const documents: unknown[] = []
  for (const piece of piecesOf(text)) documents.push(parsedPiece(piece))
  return documents
}

function parsedPiece(piece: string): unknown {
  try {
    return parseExactly(piece)
  } catch (error) {
    throw malformedJson((error as Error).message)
  }
}

/** What stands on its own at the top of a text: from a brace to its counterpart, or what is between such. */
function* piecesOf(text: string): Generator<string> {
  let start = 0
  let depth = 0
  let isString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isString) {
      if (code === backslash) at++
      else if (code === quote) isString = false
    } else if (code === quote) isString = true
    else if (code === openBrace || code === openBracket) depth++
    else if ((code === closeBrace || code === closeBracket) && --depth === 0) {
      yield text.slice(start, at + 1)
      start = at + 1
    }
  }
  const rest = text.slice(start)
  if (rest.trim() !== '') yield rest
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
