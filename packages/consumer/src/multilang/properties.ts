/**
 * Reads a file of properties as `java.util.Properties` does: `key = value`, `key: value` or `key value`; `#` and `!` begin
 * comments; a backslash at the end joins the next line, before other letters it is taken away, and `\t \n \r \f \uXXXX`
 * are what they are in Java. The last of equal keys counts.
 */
export function readProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const keyLength = endOfKey(line)
    const rest = line.slice(keyLength).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
    properties.set(unescaped(line.slice(0, keyLength)), unescaped(rest))
  }
  return properties
}

/** Lines without comments, blanks and leading space; those that a backslash continues are joined. */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let continued: string | undefined
  for (const raw of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, '')
    if (continued === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (continued ?? '') + line
    const backslashes = /(?<!\\)\\*$/.exec(whole)![0].length
    continued = backslashes % 2 === 1 ? whole.slice(0, -1) : undefined
    if (continued === undefined) lines.push(whole)
  }
  if (continued !== undefined) lines.push(continued)
  return lines
}

/** The first `=`, `:` or space that no backslash stands before. */
function endOfKey(line: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if ('=: \t\f'.includes(line[at]!)) return at
  }
  return line.length
}

const named: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/gs, (_, code: string | undefined, letter: string | undefined) =>
    code === undefined ? (named[letter ?? ''] ?? letter ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  )
