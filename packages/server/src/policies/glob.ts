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

/** V8 looks for texts up to this length in linear time; for longer ones it may begin anew at each unit. */
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
  const searches = between.map((piece) => searchFor(piece))
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (let i = 0; i < searches.length; i++) {
      at = searches[i]!(text, at)
      if (at < 0) return false
    }
    return text.length - at >= last.length
  }
}

/** The texts between the `*`; undefined for a pattern that has other wildcards. */
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
  return pieces
}

/** Where the first occurrence from `at` on ends, or -1. */
function searchFor(piece: string): (text: string, at: number) => number {
  const { length } = piece
  if (length <= searchedLengthMax)
    return (text, at) => {
      const found = text.indexOf(piece, at)
      return found < 0 ? -1 : found + length
    }
  // Knuth, Morris, Pratt: how much of the piece is still matched when the next unit does not fit.
  const borders = new Int32Array(length + 1)
  borders[0] = -1
  for (let i = 0, border = -1; i < length; borders[++i] = ++border)
    while (border >= 0 && piece.charCodeAt(i) !== piece.charCodeAt(border)) border = borders[border]!
  return (text, from) => {
    let matched = 0
    for (let at = from; at < text.length; at++) {
      while (matched >= 0 && text.charCodeAt(at) !== piece.charCodeAt(matched)) matched = borders[matched]!
      if (++matched === length) return at + 1
    }
    return -1
  }
}

/**
 * All ways to match at once: bit `i` says that the first `i` units of the pattern, stars aside, can match what was read.
 * A star before unit `i` keeps its bit, and once it has one, what lies before it is of no interest. Costs a step for each
 * unit of the text and 32 units of the pattern, at most.
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

  const ofAscii = Array.from({ length: 128 }, (_, unit) => accepts.get(unit) ?? others)

  return (text) => {
    if (text.length < single.length) return false
    const states = new Int32Array(words)
    states[0] = 1
    let first = 0
    let last = 0
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const mask = unit < 128 ? ofAscii[unit]! : (accepts.get(unit) ?? others)
      const kept = unit === colon ? loopsAtColon : loops
      const end = Math.min(last + 1, words - 1)
      let carry = 0
      let next = -1
      for (let word = first; word <= end; word++) {
        const before = states[word]!
        const moved = before & mask[word]!
        const after = (moved << 1) | carry | (before & kept[word]!)
        carry = moved >>> 31
        states[word] = after
        if (after === 0) continue
        next = word
        if ((after & loopsAtColon[word]!) !== 0) first = word
      }
      if (next < 0) return false
      last = next
    }
    return (states[state >> 5]! & (1 << (state & 31))) !== 0
  }
}
