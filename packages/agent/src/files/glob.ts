/*
 * Java's globs, as in `filePattern`: `*` and `?` within a name, `[a-c]`, `[!a]`, `{a,b}`, `\` before what is meant
 * itself. AWS's agent takes them in the name of a file only; here directories may have them too, and `**` goes through
 * any number of directories.
 */

export type Glob = {
  /** The directory in which all of it begins, without a pattern in it. */
  readonly base: string
  /** What follows, name by name: as text, as a pattern, or `**`. The last is the name of the file. */
  readonly names: readonly (string | RegExp)[]
}

export const anyDepth = '**'

/** What is wrong with a pattern, if anything is. */
export function globFault(pattern: string): string | undefined {
  if (pattern.endsWith('/')) return 'must end with the name of a file, not with /'
  try {
    parseGlob(pattern)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** @throws Error when a bracket or brace is not closed */
export function parseGlob(pattern: string): Glob {
  const segments = segmentsOf(pattern)
  const first = segments.findIndex((segment, i) => i === segments.length - 1 || isPattern(segment))
  const base = segments.slice(0, first).map(unescaped).join('/')
  const names = segments
    .slice(first)
    .map((segment) => (segment === anyDepth ? anyDepth : isPattern(segment) ? nameRegex(segment) : unescaped(segment)))
  if (names.at(-1) === anyDepth) names.push(/^.*$/s)
  return { base: base === '' ? (pattern.startsWith('/') ? '/' : '.') : base, names }
}

/** Whether a name in a directory is the one meant. */
export const nameMatches = (name: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? name === wanted : wanted.test(name)

const isPattern = (segment: string) => /(?<!\\)(?:\\\\)*[*?[{]/.test(segment)
const unescaped = (segment: string) => segment.replace(/\\(.)/g, '$1')

/** Cuts at each `/` that is not within braces or brackets. */
function segmentsOf(pattern: string): string[] {
  const segments: string[] = ['']
  let depth = 0
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '\\') {
      segments[segments.length - 1] += character + (pattern[++at] ?? '')
      continue
    }
    if (character === '{') depth++
    if (character === '}' && depth > 0) depth--
    if (character === '/' && depth > 0) throw new Error('has a / within {...}, which is not understood')
    if (character === '/') segments.push('')
    else segments[segments.length - 1] += character
  }
  if (depth > 0) throw new Error('has a { that is not closed')
  return segments.filter((segment, i) => segment !== '' || i === 0)
}

function nameRegex(segment: string): RegExp {
  let regex = ''
  let depth = 0
  for (let at = 0; at < segment.length; at++) {
    const character = segment[at]!
    if (character === '*') regex += '[^/]*'
    else if (character === '?') regex += '[^/]'
    else if (character === '{') {
      regex += '(?:'
      depth++
    } else if (character === '}' && depth > 0) {
      regex += ')'
      depth--
    } else if (character === ',' && depth > 0) regex += '|'
    else if (character === '[') {
      const end = segment.indexOf(']', at + 2)
      if (end === -1) throw new Error('has a [ that is not closed')
      regex += bracket(segment.slice(at + 1, end))
      at = end
    } else regex += literal(character === '\\' ? (segment[++at] ?? '\\') : character)
  }
  return new RegExp(`^${collapsed(regex)}$`, 's')
}

function bracket(contents: string): string {
  const isNegated = contents.startsWith('!') || contents.startsWith('^')
  const characters = (isNegated ? contents.slice(1) : contents).replace(/[\\\]^[]/g, '\\$&')
  return `[${isNegated ? '^/' : ''}${characters}]`
}

/** `a**b` is `a*b`; many stars one after the other would take their time. */
const collapsed = (regex: string) => regex.replace(/(?:\[\^\/\]\*)+/g, '[^/]*')

const literal = (character: string) => character.replace(/[^a-zA-Z0-9_]/, '\\$&')
