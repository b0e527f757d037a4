/*
 * URIs as signatures see them. What comes in is raw, as it stood on the wire: one character for each byte. Every byte but
 * the unreserved characters of RFC 3986 is written as `%XY` with capital letters.
 */

const isPlain = /^[A-Za-z0-9\-._~]*$/
const isPlainPath = /^[A-Za-z0-9\-._~/]*$/

/**
 * The raw path, encoded once more, as every service but S3 has it: `/a%2Fb` → `/a%252Fb`. Because it is taken as it came,
 * what was signed is what is routed.
 */
export function canonicalPath(rawPath: string): string {
  if (rawPath === '') return '/'
  return isPlainPath.test(rawPath) ? rawPath : encoded(rawPath, '/')
}

/** Without `.`, `..` and empty segments, as clients make a path that they sign: `/a//b/../c` → `/a/c`. */
export function withoutDotSegments(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const isFolder = kept.length > 0 && path.endsWith('/')
  return `/${kept.join('/')}${isFolder ? '/' : ''}`
}

/** One `name=value` of a query, both in canonical encoding. */
export type QueryParameter = { readonly name: string; readonly value: string }

/**
 * The parameters of a raw query (what follows the question mark), in their order. Read as whoever takes the values out of
 * it reads them: a plus is a space. Undefined if a percent sign does not begin a byte.
 */
export function queryParameters(rawQuery: string): readonly QueryParameter[] | undefined {
  const parameters: QueryParameter[] = []
  for (const piece of rawQuery.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const name = recoded(equals < 0 ? piece : piece.slice(0, equals))
    const value = equals < 0 ? '' : recoded(piece.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    parameters.push({ name, value })
  }
  return parameters
}

/** Sorted by name, then by value. A presigned URL leaves its own signature out. */
export function canonicalQuery(parameters: readonly QueryParameter[], without?: string): string {
  return parameters
    .filter(({ name }) => name !== without)
    .sort((a, b) => compared(a.name, b.name) || compared(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&')
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const brokenPercent = /%(?![0-9A-Fa-f]{2})/

/** Decoded and encoded again, so that every way to write it becomes one. */
function recoded(raw: string): string | undefined {
  if (isPlain.test(raw)) return raw
  if (brokenPercent.test(raw)) return undefined
  return encoded(percentDecoded(raw.replaceAll('+', ' ')), '')
}

/** One character for each byte: bytes need not be text. */
export const percentDecoded = (text: string): string =>
  text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

function encoded(raw: string, kept: string): string {
  let text = ''
  for (const character of raw)
    if (isPlain.test(character) || character === kept) text += character
    else for (const byte of bytesOf(character)) text += hexOf[byte]
  return text
}

/** A character for each byte, unless somebody wrote text: then UTF-8's bytes. */
const bytesOf = (character: string): Iterable<number> =>
  character.codePointAt(0)! <= 0xff ? [character.charCodeAt(0)] : Buffer.from(character)

const hexOf = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
