import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, sep } from 'node:path'
import jsTokens from 'js-tokens'

/* Every regular expression of the product: those that are written down, and where others are made as it runs. */

export type Found = { readonly path: string; readonly source: string; readonly flags: string }

const root = join(import.meta.dirname, '../../packages')

/** Paths, as `server/src/…`, of all files that run. */
export function productFiles(): string[] {
  return readdirSync(root).flatMap((name) =>
    readdirSync(join(root, name, 'src'), { recursive: true, encoding: 'utf8' })
      .map((path) => `${name}/src/${path.split(sep).join('/')}`)
      .filter((path) => path.endsWith('.ts') && !isForTests(path)),
  )
}

const isForTests = (path: string) =>
  /(\.test|fixtures?|contract|model)\.ts$/.test(path) || /\/(fixtures|testing)\//.test(path)

export function expressionsIn(path: string): { readonly literals: Found[]; readonly makesOthers: boolean } {
  const code = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'))
  const literals: Found[] = []
  let makesOthers = false
  for (const { type, value } of jsTokens(code)) {
    makesOthers ||= type === 'IdentifierName' && value === 'RegExp'
    if (type !== 'RegularExpressionLiteral') continue
    const end = value.lastIndexOf('/')
    literals.push({ path, source: value.slice(1, end), flags: value.slice(end + 1) })
  }
  return { literals, makesOthers }
}

/** What `new RegExp` makes while `work` runs. */
export async function expressionsMadeBy(work: () => Promise<unknown>): Promise<Omit<Found, 'path'>[]> {
  const made: Omit<Found, 'path'>[] = []
  const own = globalThis.RegExp
  globalThis.RegExp = new Proxy(own, {
    construct(target, [pattern, flags]) {
      const expression = new target(pattern, flags)
      made.push({ source: expression.source, flags: expression.flags })
      return expression
    },
  })
  try {
    await work()
  } finally {
    globalThis.RegExp = own
  }
  return made
}
