import { type AttributeValue, attributeOf, type Item } from './attribute-value.ts'
import type { ExpressionReader } from './expression-reader.ts'

/** A place in an item: an attribute's name, then names in maps and places in lists. */
export type Path = readonly [string, ...(string | number)[]]

/** What stands there, if there is anything. */
export function valueAt(item: Item | undefined, path: Path): AttributeValue | undefined {
  let value = attributeOf(item, path[0])
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const step = path[i]!
    value = typeof step === 'number' ? value.L?.[step] : attributeOf(value.M, step)
  }
  return value
}

/** As AWS's sentences have it: `[a, b, [0]]`. */
export const describePath = (path: Path): string =>
  `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`

export const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((step, i) => step === b[i])

/** Reads `a.b[0].#c`. @throws ValidationException where there is no path */
export function readPath(reader: ExpressionReader): Path {
  const path: [string, ...(string | number)[]] = [readName(reader, true)]
  for (;;) {
    if (reader.tokens.takeSign('.')) path.push(readName(reader, false))
    else if (reader.tokens.takeSign('[')) {
      if (reader.tokens.next.kind !== 'number') throw reader.tokens.syntaxError()
      path.push(Number(reader.tokens.take().text))
      reader.tokens.expectSign(']')
    } else return path
  }
}

function readName(reader: ExpressionReader, isFirst: boolean): string {
  const { kind, text } = reader.tokens.next
  if (kind === 'name') {
    reader.tokens.take()
    return reader.attributeName(text)
  }
  if (kind !== 'word' || (isFirst && text.startsWith('_'))) throw reader.tokens.syntaxError()
  reader.tokens.take()
  reader.checkReserved(text)
  return text
}
