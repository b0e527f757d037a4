import type { CopyOptions } from './copy-options.ts'
import type { RawRow } from './rows.ts'

type Fields = readonly (string | null)[]

/**
 * Redshift's standard format: fields with a delimiter between, a row on each line. `null` is a field that NULL AS names.
 *
 * With ESCAPE a backslash makes the character behind it one of the field, be it a delimiter or a line end; with REMOVEQUOTES
 * quotes around a field go, and delimiters inside them stay.
 */
export function* delimitedRows(text: string, options: CopyOptions): Generator<RawRow<Fields>> {
  let line = 0
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at, options.hasEscapes)
    const raw = text.slice(at, end).replace(/\r$/, '')
    const from = line + 1
    line += 1 + (options.hasEscapes ? raw.split('\n').length - 1 : 0)
    at = end + 1
    if (from <= options.headerLines || (raw === '' && options.ignoresBlankLines)) continue
    yield { line: from, raw, ...fieldsOf(raw, options) }
  }
}

/** Where a row ends: a line end that no backslash stands before. */
function lineEnd(text: string, from: number, hasEscapes: boolean): number {
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (!hasEscapes) return at
    let backslashes = 0
    while (at - 1 - backslashes >= from && text[at - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return at
  }
  return text.length
}

function fieldsOf(raw: string, options: CopyOptions): { readonly value: Fields } | { readonly fault: string } {
  const { delimiter, hasEscapes, nullAs, removesQuotes } = options
  if (!hasEscapes && !removesQuotes)
    return { value: raw.split(delimiter).map((field) => (field === nullAs ? null : field)) }
  const value: (string | null)[] = []
  let at = 0
  for (;;) {
    const from = at
    let field = ''
    const quote = removesQuotes && (raw[at] === '"' || raw[at] === "'") ? raw[at++] : undefined
    let isQuoted = quote !== undefined
    for (; at < raw.length; at++) {
      if (hasEscapes && raw[at] === '\\' && at + 1 < raw.length) field += raw[++at]
      else if (isQuoted && raw[at] === quote) isQuoted = false
      else if (!isQuoted && raw[at] === delimiter) break
      else field += raw[at]
    }
    if (isQuoted) return { fault: 'Quote is not closed' }
    value.push(raw.slice(from, at) === nullAs ? null : field)
    if (at >= raw.length) return { value }
    at++
  }
}
