import type { CopyOptions } from './copy-options.ts'
import type { RawRow } from './rows.ts'

type Fields = readonly (string | null)[]

/** CSV: fields may stand in quotes, with delimiters, line ends and doubled quotes inside. */
export function* csvRows(text: string, options: CopyOptions): Generator<RawRow<Fields>> {
  const { delimiter, nullAs, quote } = options
  let line = 1
  for (let at = 0; at < text.length; ) {
    const from = at
    const fromLine = line
    const value: (string | null)[] = []
    let fault: string | undefined
    for (;;) {
      let field = ''
      const isQuoted = text[at] === quote
      if (isQuoted) {
        const end = closingQuote(text, at + 1, quote)
        field = text.slice(at + 1, end).replaceAll(quote + quote, quote)
        if (end >= text.length) fault = 'Quote is not closed'
        at = Math.min(end + 1, text.length)
      }
      const rest = fieldEnd(text, at, delimiter)
      const behind = text.slice(at, rest).replace(/\r$/, '')
      if (isQuoted && behind !== '') fault ??= 'Something stands behind a closing quote'
      field += behind
      value.push(!isQuoted && field === nullAs ? null : field)
      at = rest
      if (text[at] !== delimiter) break
      at++
    }
    const raw = text.slice(from, at).replace(/\r$/, '')
    at++
    line += raw.split('\n').length
    if (fromLine <= options.headerLines || (raw === '' && options.ignoresBlankLines)) continue
    yield fault === undefined ? { line: fromLine, raw, value } : { line: fromLine, raw, fault }
  }
}

/** Where a quote stands alone; the end of the text if it never does. */
function closingQuote(text: string, from: number, quote: string): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 2))
    if (text[at + 1] !== quote) return at
  return text.length
}

function fieldEnd(text: string, from: number, delimiter: string): number {
  let at = from
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++
  return at
}
