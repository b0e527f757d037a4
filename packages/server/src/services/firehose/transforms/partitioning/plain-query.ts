import { isObject } from '../../../../core/shapes.ts'
import { keysIn, type QueryResult } from './query-result.ts'

/*
 * Most queries only say where the keys are: `{airport: .origin, year: .date.year}`. Those are answered here, by JSON.parse
 * alone: a tenth of what jq takes, and without its thread and its memory. Whatever is not as plain - of the query, or of a
 * record - is jq's, so that the answer is what jq's would be (plain-query.test.ts compares; but jq reads nothing that is
 * nested ten thousand deep).
 */

type Path = { readonly key: string; readonly names: readonly string[] }

export class PlainQuery {
  readonly #paths: readonly Path[]

  private constructor(paths: readonly Path[]) {
    this.#paths = paths
  }

  /** Undefined where the query is more than paths, or odd in any way. */
  static of(query: string): PlainQuery | undefined {
    const members = /^\s*\{([^{}]*)\}\s*$/.exec(query)?.[1]?.split(',')
    const paths = members?.map(pathOf)
    if (!paths?.every((path) => path !== undefined)) return undefined
    return new Set(paths.map(({ key }) => key)).size === paths.length ? new PlainQuery(paths) : undefined
  }

  /** Undefined where jq must be asked. */
  resultOf(record: Uint8Array): QueryResult | undefined {
    const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString()
    if (text.includes('\\ud') || text.includes('\\uD')) return undefined // half a character is an error to jq
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return { fault: 'Non JSON record provided' }
    }
    const made: Record<string, unknown> = {}
    for (const { key, names } of this.#paths) {
      const found = at(value, names)
      if (found === undefined) return undefined
      made[key] = found
    }
    return keysIn(made)
  }
}

const name = '[A-Za-z_][A-Za-z0-9_]*'
const member = new RegExp(`^\\s*(?:(?:(${name})|"(${name})")\\s*:\\s*((?:\\.${name})+)|(${name}))\\s*$`)

/** Words that are jq's own cannot stand as keys in some of its versions. */
const reserved = new Set(
  '__loc__ __proto__ and as catch def elif else end foreach if import include label module or reduce then try'.split(
    ' ',
  ),
)

/** `key: .some.path`, `"key": .path`, or `key` for `key: .key`. */
function pathOf(text: string): Path | undefined {
  const [, bare, quoted, path, short] = member.exec(text) ?? []
  const key = bare ?? quoted ?? short
  if (key === undefined) return undefined
  const names = path === undefined ? [key] : path.slice(1).split('.')
  return [key, ...names].some((word) => reserved.has(word)) ? undefined : { key, names }
}

/** What stands at a path; null where there is nothing, and undefined where jq has an error for it. */
function at(record: unknown, names: readonly string[]): unknown {
  let value = record
  for (const name of names) {
    if (value === null) return null
    if (!isObject(value) || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, name) ? value[name] : null
  }
  return value
}
