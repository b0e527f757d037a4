import { type FieldWriter, fieldOf } from './time-fields.ts'
import { zonedTime } from './zoned-time.ts'

/*
 * Patterns of Java's DateTimeFormatter (of Java 17, in American English), which prefixes are written in:
 *
 *   letters, as often as the field is wide    time-fields.ts
 *   'text'                                    itself; two quotes are one
 *   [ ]                                       an optional section: all fields are known here, so that it is always written
 *   ppH                                       the field that follows, with spaces before it. One that is wider stays as it is:
 *                                             Java throws then, which would hold up a delivery on December 10
 *   { } #                                     kept for later by Java, and refused
 *   anything else                             itself
 */

/** Writes an instant by a pattern, as the clocks of a zone (`Europe/Paris`, `UTC`) show it. @throws RangeError */
export function formatTime(pattern: string, atMs: number, timeZone = 'UTC'): string {
  const time = zonedTime(atMs, timeZone)
  return parsed(pattern)
    .map((write) => write(time))
    .join('')
}

/** Whether Java takes a pattern. */
export function isTimePattern(pattern: string): boolean {
  try {
    parsed(pattern)
    return true
  } catch {
    return false
  }
}

const token = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z]/gs

function parsed(pattern: string): FieldWriter[] {
  const writers: FieldWriter[] = []
  let sections = 0
  let pad = 0
  const invalid = (what: string) => new RangeError(`${what} in the pattern ${pattern}`)
  for (const [whole, quoted, letter] of pattern.matchAll(token)) {
    if (pad > 0 && letter === undefined) throw invalid('padding before no field')
    if (quoted !== undefined) {
      const text = quoted === '' ? "'" : quoted.replaceAll("''", "'")
      writers.push(() => text)
    } else if (letter === 'p') {
      pad = whole.length
    } else if (letter !== undefined) {
      const write = fieldOf(letter, whole.length)
      if (!write) throw invalid(`no field ${whole}`)
      const width = pad
      writers.push((time) => write(time).padStart(width))
      pad = 0
    } else if (whole === '[' || whole === ']') {
      sections += whole === '[' ? 1 : -1
      if (sections < 0) throw invalid('a section that ends before it begins')
    } else if ("'{}#".includes(whole)) {
      throw invalid(`a lone ${whole}`)
    } else {
      writers.push(() => whole)
    }
  }
  if (pad > 0) throw invalid('padding before no field')
  return writers
}
