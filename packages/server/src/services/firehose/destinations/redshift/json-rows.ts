import type { RawRow } from './rows.ts'

/** Redshift takes no larger object. It bounds what a brace that is never closed can cost, too. */
const documentLengthMax = 4 * 1024 * 1024
/** After so many braces that are never closed a document must stand on one line. */
const unclosedMax = 10

/** JSON documents one after the other, with or without space between. What is none is a fault up to the line's end. */
export function* jsonRows(text: string): Generator<RawRow<unknown>> {
  let line = 1
  let unclosed = 0
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === newline) line++
    if (code === newline || code === 0x20 || code === 0x09 || code === 0x0d) {
      at++
      continue
    }
    const end = documentEnd(text, at, unclosed < unclosedMax)
    if (end === undefined) unclosed++
    const raw = text.slice(at, end ?? lineEnd(text, at))
    const document = end === undefined ? undefined : parsed(raw)
    if (document) {
      yield { line, raw, value: document.value }
      at += raw.length
      line += countOf(raw)
    } else {
      const wrong = text.slice(at, lineEnd(text, at))
      yield { line, raw: wrong, fault: 'Invalid JSON' }
      at += wrong.length
    }
  }
}

const newline = 0x0a

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at === -1 ? text.length : at
}

function countOf(raw: string): number {
  let count = 0
  for (let at = raw.indexOf('\n'); at !== -1; at = raw.indexOf('\n', at + 1)) count++
  return count
}

/** Behind the brace or bracket that closes the first one; undefined if there is none, or it is too far away. */
function documentEnd(text: string, from: number, mayHaveLines: boolean): number | undefined {
  const max = Math.min(text.length, from + documentLengthMax)
  let depth = 0
  let isString = false
  for (let at = from; at < max; at++) {
    const code = text.charCodeAt(at)
    if (isString) {
      if (code === 0x5c) at++
      else if (code === 0x22) isString = false
    } else if (code === 0x22) isString = true
    else if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at + 1
    if (depth === 0 || (code === newline && !mayHaveLines)) return undefined
  }
  return undefined
}

/** Numbers of more digits than a double has, or exponents, which would be other ones when they are written again. */
const isPrecise = /[\d.]{16}|\d[eE][+-]?\d/

type Source = { readonly source: string }

function parsed(raw: string): { readonly value: unknown } | undefined {
  try {
    return { value: isPrecise.test(raw) ? JSON.parse(raw, keptNumber as typeof plain) : JSON.parse(raw) }
  } catch {
    return undefined
  }
}

const plain = (_key: string, value: unknown): unknown => value

/** A number as it was written: JSON.stringify gives it back so. */
function keptNumber(_key: string, value: unknown, { source }: Source): unknown {
  return typeof value === 'number' ? JsonWithSource.rawJSON(source) : value
}

/** Of ECMAScript's "JSON.parse source text access", which the library types do not have yet. */
const JsonWithSource = JSON as typeof JSON & { rawJSON(text: string): object }
