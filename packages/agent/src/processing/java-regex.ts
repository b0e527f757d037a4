/*
 * Java's regular expressions in JavaScript's words. The two are near relations; what differs is rewritten, and what
 * JavaScript cannot say is refused with a sentence: better no start than records that are silently split elsewhere.
 */

/** @throws Error with one sentence about what cannot be said */
export function translateJavaRegex(source: string): { expression: string; flags: string } {
  const { flags, at: begin } = leadingFlags(source)
  let expression = ''
  let at = begin
  while (at < source.length) {
    const [part, next] = element(source, at, flags)
    expression += part
    at = next
  }
  return { expression, flags }
}

type Part = readonly [text: string, next: number]

function element(source: string, at: number, flags: string): Part {
  const character = source[at]!
  if (character === '\\') return escaped(source, at, flags, false)
  if (character === '[') return characterClass(source, at)
  if (character === '(') return group(source, at)
  if (character === '*' || character === '+' || character === '?' || character === '{') return quantifier(source, at)
  if (character === '}' || character === ']') return [`\\${character}`, at + 1]
  return [character, at + 1]
}

/** `(?i)` and its like, where they stand first: they hold for all that follows. */
function leadingFlags(source: string): { flags: string; at: number } {
  const found = /^\(\?([a-zA-Z]+)\)/.exec(source)
  if (!found) return { flags: '', at: 0 }
  if (found[1]!.includes('x')) throw unsupported('(?x)')
  return { flags: [...new Set(found[1])].filter((flag) => 'ims'.includes(flag)).join(''), at: found[0].length }
}

function group(source: string, at: number): Part {
  if (source[at + 1] !== '?') return ['(', at + 1]
  const opened = /^\(\?(?::|=|!|<=|<!|<[a-zA-Z][a-zA-Z0-9]*>|[ims]+:)/.exec(source.slice(at, at + 80))
  if (opened) return [opened[0], at + opened[0].length]
  if (source.startsWith('(?>', at)) throw unsupported('atomic groups (?>...)')
  throw unsupported(`${source.slice(at, at + 4)} within the pattern`)
}

function quantifier(source: string, at: number): Part {
  const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?/.exec(source.slice(at, at + 40))
  if (!found) throw new Error(`is not a regular expression: { at ${at} is not a quantifier`)
  if (found[0].length > 1 && found[0].endsWith('+')) throw unsupported(`possessive quantifiers (${found[0]})`)
  return [found[0], at + found[0].length]
}

const horizontal = ' \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000'
const vertical = '\\n\\x0B\\f\\r\\x85\\u2028\\u2029'

/** Java's are ASCII, unless asked; JavaScript's \s is not. */
const classContents: Record<string, string> = { s: ' \\t\\n\\x0B\\f\\r', h: horizontal, v: vertical }

const posix: Record<string, string> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7F',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1F\\x7F',
  XDigit: '0-9a-fA-F',
  Space: ' \\t\\n\\x0B\\f\\r',
}

function escaped(source: string, at: number, flags: string, isInClass: boolean): Part {
  const character = source[at + 1]
  if (character === undefined) throw new Error('is not a regular expression: it ends with a backslash')
  const contents = classContents[character.toLowerCase()]
  if (contents !== undefined) {
    const isNegated = character !== character.toLowerCase()
    if (isInClass && isNegated) throw unsupported(`\\${character} within [...]`)
    return [isInClass ? contents : `[${isNegated ? '^' : ''}${contents}]`, at + 2]
  }
  if (character === 'p' || character === 'P') return property(source, at, isInClass)
  if (character === 'Q') return quoted(source, at)
  if (character === 'E') return ['', at + 2]
  if (character === 'x' || character === 'u' || character === '0') return codePoint(source, at)
  if (character === 'a') return ['\\x07', at + 2]
  if (character === 'e') return ['\\x1B', at + 2]
  if (character === 'c') return [source.slice(at, at + 3), at + 3]
  if (!/[a-zA-Z0-9]/.test(character)) return [`\\${character}`, at + 2]
  if (isInClass) {
    if (/[dDwWntrf]/.test(character)) return [`\\${character}`, at + 2]
    throw unsupported(`\\${character} within [...]`)
  }
  return assertion(source, at, character, flags)
}

function assertion(source: string, at: number, character: string, flags: string): Part {
  const isMultiline = flags.includes('m')
  if (character === 'A') return [isMultiline ? '(?<![^])' : '^', at + 2]
  if (character === 'z') return [isMultiline ? '(?![^])' : '$', at + 2]
  if (character === 'Z') return ['(?=\\r?\\n?(?![^]))', at + 2]
  if (character === 'R') return [`(?:\\r\\n|[${vertical}])`, at + 2]
  if (/[dDwWbBntrf1-9]/.test(character)) return [`\\${character}`, at + 2]
  const named = /^\\k<[a-zA-Z][a-zA-Z0-9]*>/.exec(source.slice(at, at + 80))
  if (named) return [named[0], at + named[0].length]
  throw unsupported(`\\${character}`)
}

function property(source: string, at: number, isInClass: boolean): Part {
  const found = /^\\([pP])\{([A-Za-z]+)\}/.exec(source.slice(at, at + 40))
  const contents = found && posix[found[2]!]
  if (!found || !contents) throw unsupported(`${found?.[0] ?? source.slice(at, at + 4)}, only the POSIX names`)
  const isNegated = found[1] === 'P'
  if (isInClass && isNegated) throw unsupported(`${found[0]} within [...]`)
  return [isInClass ? contents : `[${isNegated ? '^' : ''}${contents}]`, at + found[0].length]
}

/** `\Q…\E`: as it stands. */
function quoted(source: string, at: number): Part {
  const end = source.indexOf('\\E', at + 2)
  const text = source.slice(at + 2, end === -1 ? undefined : end)
  return [text.replace(/[^a-zA-Z0-9_\s]/g, '\\$&'), end === -1 ? source.length : end + 2]
}

/** `\xHH`, `\x{H…}`, `\uHHHH`, `\0` and octal digits. */
function codePoint(source: string, at: number): Part {
  const text = source.slice(at, at + 12)
  const hex = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x\{([0-9a-fA-F]{1,6})\})/.exec(text)
  const octal = /^\\0([0-3]?[0-7]{1,2})/.exec(text)
  const found = hex ?? octal
  if (!found) throw new Error(`is not a regular expression: ${text.slice(0, 3)} has no digits`)
  const code = hex ? Number.parseInt((hex[1] ?? hex[2] ?? hex[3])!, 16) : Number.parseInt(octal![1]!, 8)
  if (code > 0xffff) throw unsupported(found[0])
  return [`\\u${code.toString(16).padStart(4, '0')}`, at + found[0].length]
}

function characterClass(source: string, at: number): Part {
  let text = '['
  let next = at + 1
  if (source[next] === '^') {
    text += '^'
    next++
  }
  for (let isFirst = true; ; isFirst = false) {
    const character = source[next]
    if (character === undefined) throw new Error('is not a regular expression: [ is not closed')
    if (character === ']' && !isFirst) return [`${text}]`, next + 1]
    if (character === '[') throw unsupported('a class within a class ([...[...]])')
    if (source.startsWith('&&', next)) throw unsupported('the intersection of classes (&&)')
    const [part, after]: Part =
      character === '\\' ? escaped(source, next, '', true) : [character === ']' ? '\\]' : character, next + 1]
    text += part
    next = after
  }
}

const unsupported = (what: string) => new Error(`uses what cannot be translated from Java: ${what}`)
