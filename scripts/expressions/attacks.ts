import { type AST, visitRegExpAST } from '@eslint-community/regexpp'
import type { Expression } from './backtracking.ts'

/*
 * Texts that could make an expression look at the same place again and again: a beginning, a piece many times, and an end that
 * fits nothing. The pieces are made of the expression itself, of what comes before each repetition and of what it repeats.
 */

type Attack = { readonly prefix: string; readonly piece: string; readonly suffix: string }

const textOf = ({ prefix, piece, suffix }: Attack, times: number) => prefix + piece.repeat(times) + suffix

/** What costs no more than so many steps for each character is no attack, and most are none. */
const stepsPerCharacter = 14

/**
 * How many pieces, and twice as many: where twice the pieces are four times the steps each time, it is quadratic. The last is more
 * than any `{1,1024}` takes: what is only high for that reason does not grow there.
 */
const rounds = [16, 150, 1200]
const stepsMax = 1_500_000
const growthMax = 3

export type Growth = { readonly attack: Attack; readonly steps: number; readonly stepsOfTwice: number }

/** The first attack under which the steps grow faster than the text; undefined if none of those that are tried is one. */
export function fasterThanLinear(expression: Expression): Growth | undefined {
  for (const attack of attacksOn(expression)) {
    const growth = growthUnder(attack, expression)
    if (growth) return growth
  }
  return undefined
}

function growthUnder(attack: Attack, expression: Expression): Growth | undefined {
  const [first = 0] = rounds
  const text = textOf(attack, 2 * first)
  if (expression.steps(text, stepsMax) <= stepsPerCharacter * text.length) return undefined
  let growth: Growth | undefined
  for (const times of rounds) {
    const steps = expression.steps(textOf(attack, times), stepsMax)
    if (steps >= stepsMax) return { attack, steps, stepsOfTwice: stepsMax }
    const stepsOfTwice = expression.steps(textOf(attack, 2 * times), stepsMax)
    if (stepsOfTwice < stepsMax && stepsOfTwice <= growthMax * steps) return undefined
    growth = { attack, steps, stepsOfTwice }
  }
  return growth
}

function* attacksOn(expression: Expression): Generator<Attack> {
  const alphabet = alphabetOf(expression)
  const pieces = new Set<string>(alphabet)
  const prefixes = new Set(['', nothing])
  let [repeats, hasDot] = [false, false]
  visitRegExpAST(expression.pattern, {
    onCharacterSetEnter({ kind }) {
      hasDot ||= kind === 'any'
    },
    onQuantifierEnter(node) {
      if (node.max < 16) return
      repeats = true
      const before = samplesBefore(node, expression, alphabet)
      for (const text of before) prefixes.add(text.all)
      for (const repeated of samples(node.element, expression, alphabet)) {
        pieces.add(repeated)
        for (const { near } of before) for (const text of near) pieces.add(text).add(text + repeated)
      }
    },
  })
  if (!repeats) return
  if (alphabet.length <= pairedMax) for (const a of alphabet) for (const b of alphabet) if (a !== b) pieces.add(a + b)
  pieces.delete('')
  const ends = hasDot ? [nothing, `\n${nothing}`] : [nothing] // a dot takes all but the end of a line
  for (const prefix of prefixes)
    for (const piece of pieces)
      if (piece.length <= pieceLengthMax) for (const suffix of ends) yield { prefix, piece, suffix }
}

/** With more characters than this, not every two of them are tried. */
const pairedMax = 8
const pieceLengthMax = 40

/** A character that nothing is likely to take. */
const nothing = '\u0001'

/** One character of each kind that the expression tells apart, about. */
function alphabetOf(expression: Expression): string[] {
  const literal = new Set<string>()
  const sets: AST.Node[] = []
  visitRegExpAST(expression.pattern, {
    onCharacterEnter: ({ value }) => void literal.add(String.fromCodePoint(value)),
    onCharacterSetEnter: (node) => void sets.push(node),
    onCharacterClassEnter: (node) => void sets.push(node),
  })
  const usual = ['a', '0', ' ', '\n', '_', '-', '.', '/', 'é', '\u0001']
  const found = new Map<string, string>()
  for (const character of [...usual, ...literal]) {
    const kind = sets.map((node) => Number(expression.accepts(node)(character))).join('')
    const key = literal.has(character) && !/^\w$/.test(character) ? `${kind} ${character}` : kind
    if (!found.has(key) || literal.has(character)) found.set(key, character)
  }
  return [...found.values()]
}

type Before = {
  /** All that must come before it. */
  readonly all: string
  /** What comes right before it: one element, two, … up to all of them. A word is one. */
  readonly near: readonly string[]
}

/** Texts that bring a match to a repetition: with what may be left out before it, and without. */
function samplesBefore(node: AST.Quantifier, expression: Expression, alphabet: readonly string[]): Before[] {
  return [0, 1].map((atLeast) => {
    let all = ''
    const near: string[] = []
    let current: AST.Node = node
    for (let above: AST.Node | null = node.parent; above; current = above, above = above.parent) {
      if (above.type !== 'Alternative') continue
      const place = above.elements.indexOf(current as AST.Element)
      const elements = above.elements.slice(0, place)
      let text = ''
      for (const [i, element] of [...elements.entries()].reverse()) {
        text = sample(element, expression, alphabet, atLeast) + text
        const isWithinWord = element.type === 'Character' && elements[i - 1]?.type === 'Character'
        if (!isWithinWord) near.push(text + all)
      }
      all = text + all
    }
    return { all, near }
  })
}

/** A text that an element matches, once for each of its alternatives and for some characters of its set. */
function samples(node: AST.Element, expression: Expression, alphabet: readonly string[]): string[] {
  if (node.type === 'Group' || node.type === 'CapturingGroup')
    return node.alternatives.flatMap(({ elements }) =>
      [0, 1, 2].map((atLeast) => elements.map((element) => sample(element, expression, alphabet, atLeast)).join('')),
    )
  return [sample(node, expression, alphabet, 1)]
}

function sample(node: AST.Node, expression: Expression, alphabet: readonly string[], atLeast: number): string {
  switch (node.type) {
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives[0]!.elements.map((element) => sample(element, expression, alphabet, atLeast)).join('')
    case 'Quantifier':
      return sample(node.element, expression, alphabet, atLeast).repeat(Math.max(node.min, Math.min(atLeast, node.max)))
    case 'Character':
      return String.fromCodePoint(node.value)
    case 'CharacterSet':
    case 'CharacterClass':
      return alphabet.find(expression.accepts(node)) ?? ''
    case 'Assertion': // (?=(…))\1 takes what it looks at
      return node.kind === 'lookahead' && !node.negate
        ? node.alternatives[0]!.elements.map((element) => sample(element, expression, alphabet, atLeast)).join('')
        : ''
    default:
      return ''
  }
}
