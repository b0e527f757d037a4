/*
 * Wildcards, without regular expressions: time grows with the text alone, whatever the pattern is.
 *
 * A pattern is a list of numbers: a UTF-16 unit that must stand there, or one of these.
 */

/** `*`: any units, also none. */
export const anyRun = -1
/** `?`: one unit. */
export const anyUnit = -2
/** `*` that ends before a colon. */
export const anyRunWithin = -3
/** `?` that is no colon. */
export const anyUnitWithin = -4

const star = 42
const questionMark = 63
const colon = 58

/** V8 looks for texts up to this length in linear time; for longer ones it may begin again at each unit. */
const searchedLengthMax = 250

export type Glob = (text: string) => boolean

/** A text as a pattern: with its wildcards, or letter by letter. */
export function unitsOf(text: string, hasWildcards: boolean): number[] {
  const units = new Array<number>(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    units[i] = !hasWildcards ? unit : unit === star ? anyRun : unit === questionMark ? anyUnit : unit
  }
  return units
}

export function compileGlob(units: readonly number[]): Glob {
  const pieces = plainPieces(units)
  if (!pieces) return automaton(units)
  const first = pieces[0]!
  if (pieces.length === 1) return (text) => text === first
  const last = pieces.at(-1)!
  const between = pieces.slice(1, -1).filter((piece) => piece !== '')
  if (between.length === 0) {
    if (last === '') return first === '' ? () => true : (text) => text.startsWith(first)
    const lengthMin = first.length + last.length
    return (text) => text.length >= lengthMin && text.startsWith(first) && text.endsWith(last)
  }
  return (text) => {
    if (!text.startsWith(first)) return false
    let at = first.length
    for (const piece of between) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return text.length - at >= last.length && text.endsWith(last)
  }
}

/** The texts between the `*`; undefined for a pattern that needs more than a search for each. */
function plainPieces(units: readonly number[]): string[] | undefined {
  const pieces: string[] = []
  let piece = ''
  for (const unit of units) {
    if (unit === anyRun) {
      pieces.push(piece)
      piece = ''
    } else if (unit < 0) return undefined
    else piece += String.fromCharCode(unit)
  }
  pieces.push(piece)
  const isPlain = pieces.length === 1 || pieces.every(({ length }) => length <= searchedLengthMax)
  return isPlain ? pieces : undefined
}

/**
 * All ways to match at once: bit `i` says that the first `i` units of the pattern, stars aside, can match what was read.
 * A star before unit `i` keeps its bit. Costs a step for each 32 units of the pattern and unit of the text.
 */
function automaton(units: readonly number[]): Glob {
  const single = units.filter((unit) => unit !== anyRun && unit !== anyRunWithin)
  const words = (single.length >> 5) + 1
  const loops = new Int32Array(words)
  const loopsAtColon = new Int32Array(words)
  const accepts = new Map<number, Int32Array>()
  const others = new Int32Array(words)
  accepts.set(colon, new Int32Array(words))
  for (const unit of single) if (unit >= 0 && !accepts.has(unit)) accepts.set(unit, new Int32Array(words))

  let state = 0
  for (const unit of units) {
    const bit = 1 << (state & 31)
    const word = state >> 5
    if (unit === anyRun || unit === anyRunWithin) {
      loops[word]! |= bit
      if (unit === anyRun) loopsAtColon[word]! |= bit
      continue
    }
    if (unit >= 0) accepts.get(unit)![word]! |= bit
    else {
      others[word]! |= bit
      for (const [accepted, mask] of accepts) if (unit === anyUnit || accepted !== colon) mask[word]! |= bit
    }
    state++
  }

  return (text) => {
    if (text.length < single.length) return false
    const states = new Int32Array(words)
    states[0] = 1
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const mask = accepts.get(unit) ?? others
      const kept = unit === colon ? loopsAtColon : loops
      let carry = 0
      let alive = 0
      for (let word = 0; word < words; word++) {
        const before = states[word]!
        const moved = before & mask[word]!
        const after = (moved << 1) | carry | (before & kept[word]!)
        carry = moved >>> 31
        states[word] = after
        alive |= after
      }
      if (alive === 0) return false
    }
    return (states[state >> 5]! & (1 << (state & 31))) !== 0
  }
}
