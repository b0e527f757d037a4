import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp'

/*
 * A regular expression as a program for a machine that backtracks, as V8's does, and counts its steps: what a text costs is a
 * number, the same on every machine and under every load.
 *
 *   test     the next character is one of a set
 *   split    goes on at one place, and comes back to the other when that fails
 *   jump
 *   assert   ^ $ \b \B
 *   look     (?=…) (?!…) (?<=…) (?<!…), by a program of its own
 *   mark     notes a place: where a round of a loop begins, or a group begins or ends
 *   moved    ends a loop whose round took nothing
 *   same     what the group took once more (\1)
 *   found
 */
type Instruction =
  | { readonly kind: 'test'; readonly accepts: CharacterTest }
  | { kind: 'split'; first: number; second: number }
  | { kind: 'jump'; to: number }
  | { readonly kind: 'assert'; readonly holds: (text: readonly string[], at: number) => boolean }
  | { readonly kind: 'look'; readonly program: Program; readonly isNegated: boolean }
  | { readonly kind: 'mark' | 'moved' | 'same'; readonly register: number }
  | { readonly kind: 'found' }

type CharacterTest = (character: string) => boolean
type Program = { readonly instructions: Instruction[]; readonly isBackwards: boolean }
type State = { readonly pc: number; readonly at: number; readonly marks: readonly number[] }

/** What `{1,1024}` and the like may come to when they are written out. */
const instructionsMax = 200_000

export class Expression {
  readonly source: string
  readonly flags: string
  readonly pattern: AST.Pattern
  readonly #program: Program
  readonly #tests = new Map<string, CharacterTest>()
  /** Where the marks of groups are: two for each that is named by a back-reference. */
  readonly #groups = new Map<AST.CapturingGroup, number>()
  #registers = 0

  constructor(source: string, flags: string) {
    this.source = source
    this.flags = flags.replace(/[dg]/g, '')
    this.pattern = new RegExpParser().parsePattern(source, 0, source.length, {
      unicode: flags.includes('u'),
      unicodeSets: flags.includes('v'),
    })
    visitRegExpAST(this.pattern, {
      onBackreferenceEnter: ({ resolved }) => {
        for (const group of [resolved].flat()) if (!this.#groups.has(group)) this.#groups.set(group, this.#registers)
        this.#registers += 2
      },
    })
    this.#program = this.#programOf(this.pattern, false)
  }

  /** Whether one character is in a set: told by the machine's own regular expressions. */
  accepts(node: AST.Node): CharacterTest {
    const known = this.#tests.get(node.raw)
    if (known) return known
    const regexp = new RegExp(`^(?:${node.raw})$`, this.flags.replace(/[my]/g, ''))
    const seen = new Map<string, boolean>()
    const test = (character: string) => {
      let is = seen.get(character)
      if (is === undefined) {
        is = regexp.test(character)
        seen.set(character, is)
      }
      return is
    }
    this.#tests.set(node.raw, test)
    return test
  }

  /** Steps until all matches are found, as `replace` with /g looks for them; at most `stepsMax`. */
  steps(text: string, stepsMax: number): number {
    const characters = /[uv]/.test(this.flags) ? Array.from(text) : text.split('')
    const count = { steps: 0, stepsMax }
    for (let at = 0; at <= characters.length && count.steps < stepsMax; ) {
      const end = run(this.#program, characters, { pc: 0, at, marks: [] }, count)?.at
      if (end === undefined && this.flags.includes('y')) break
      at = end === undefined ? at + 1 : Math.max(end, at + 1)
    }
    return count.steps
  }

  #programOf(node: AST.Pattern | AST.LookaroundAssertion, isBackwards: boolean): Program {
    const program = { instructions: [], isBackwards }
    this.#alternatives(node.alternatives, program)
    program.instructions.push({ kind: 'found' } as never)
    return program
  }

  #alternatives(alternatives: readonly AST.Alternative[], program: Program): void {
    const { instructions } = program
    const ends: { kind: 'jump'; to: number }[] = []
    for (const [i, { elements }] of alternatives.entries()) {
      const isLast = i === alternatives.length - 1
      const split = { kind: 'split' as const, first: instructions.length + 1, second: 0 }
      if (!isLast) instructions.push(split)
      for (const element of program.isBackwards ? elements.toReversed() : elements) this.#element(element, program)
      if (isLast) break
      const end = { kind: 'jump' as const, to: 0 }
      ends.push(end)
      instructions.push(end)
      split.second = instructions.length
    }
    for (const end of ends) end.to = instructions.length
  }

  #element(element: AST.Element, program: Program): void {
    const { instructions } = program
    if (instructions.length > instructionsMax) throw new Error('too long when its repetitions are written out')
    const { type } = element
    if (type === 'Group') this.#alternatives(element.alternatives, program)
    else if (type === 'CapturingGroup') this.#group(element, program)
    else if (type === 'Quantifier') this.#quantifier(element, program)
    else if (type === 'Assertion') instructions.push(this.#assertion(element))
    else if (type === 'Character' || type === 'CharacterSet' || type === 'CharacterClass')
      instructions.push({ kind: 'test', accepts: this.accepts(element) })
    else if (type === 'Backreference' && !element.ambiguous && !program.isBackwards)
      instructions.push({ kind: 'same', register: this.#groups.get(element.resolved)! })
    else throw new Error(`${element.raw} is not understood here: do without it`)
  }

  #group(group: AST.CapturingGroup, program: Program): void {
    const register = this.#groups.get(group)
    if (register !== undefined) program.instructions.push({ kind: 'mark', register })
    this.#alternatives(group.alternatives, program)
    if (register !== undefined) program.instructions.push({ kind: 'mark', register: register + 1 })
  }

  #quantifier({ element, min, max, greedy }: AST.Quantifier, program: Program): void {
    const { instructions } = program
    const split = () => {
      const made = { kind: 'split' as const, first: 0, second: 0 }
      instructions.push(made)
      return made
    }
    const aim = (made: { first: number; second: number }, inside: number, after: number) => {
      made.first = greedy ? inside : after
      made.second = greedy ? after : inside
    }
    for (let i = 0; i < min; i++) this.#element(element, program)
    if (max === Number.POSITIVE_INFINITY) {
      const register = this.#registers++
      const mayBeEmpty = new RegExp(`^(?:${element.raw})$`, this.flags.replace(/[my]/g, '')).test('')
      const top = instructions.length
      const choice = split()
      if (mayBeEmpty) instructions.push({ kind: 'mark', register })
      this.#element(element, program)
      if (mayBeEmpty) instructions.push({ kind: 'moved', register })
      instructions.push({ kind: 'jump', to: top })
      aim(choice, top + 1, instructions.length)
      return
    }
    const choices = []
    for (let i = min; i < max; i++) {
      choices.push({ choice: split(), inside: instructions.length })
      this.#element(element, program)
    }
    for (const { choice, inside } of choices) aim(choice, inside, instructions.length)
  }

  #assertion(node: AST.Assertion): Instruction {
    if (node.kind === 'lookahead' || node.kind === 'lookbehind')
      return { kind: 'look', program: this.#programOf(node, node.kind === 'lookbehind'), isNegated: node.negate }
    const isLine = this.flags.includes('m')
    const isBreak = (character: string | undefined) => character !== undefined && '\n\r\u2028\u2029'.includes(character)
    const isWord = (character: string | undefined) => character !== undefined && /^\w$/.test(character)
    if (node.kind === 'start')
      return { kind: 'assert', holds: (text, at) => at === 0 || (isLine && isBreak(text[at - 1])) }
    if (node.kind === 'end')
      return { kind: 'assert', holds: (text, at) => at === text.length || (isLine && isBreak(text[at])) }
    const negate = node.kind === 'word' && node.negate
    return { kind: 'assert', holds: (text, at) => (isWord(text[at - 1]) !== isWord(text[at])) !== negate }
  }
}

/** How a match from there ends; undefined if there is none, or if it would take more steps than it may. */
function run(
  { instructions, isBackwards }: Program,
  text: readonly string[],
  from: State,
  count: { steps: number; readonly stepsMax: number },
): Pick<State, 'at' | 'marks'> | undefined {
  const waiting: State[] = [from]
  for (let state = waiting.pop(); state; state = waiting.pop()) {
    let { pc, at, marks } = state
    for (;;) {
      if (++count.steps >= count.stepsMax) return undefined
      const instruction = instructions[pc]!
      if (instruction.kind === 'found') return { at, marks }
      if (instruction.kind === 'test') {
        const character = isBackwards ? text[at - 1] : text[at]
        if (character === undefined || !instruction.accepts(character)) break
        at += isBackwards ? -1 : 1
        pc++
      } else if (instruction.kind === 'split') {
        waiting.push({ pc: instruction.second, at, marks })
        pc = instruction.first
      } else if (instruction.kind === 'jump') pc = instruction.to
      else if (instruction.kind === 'assert') {
        if (!instruction.holds(text, at)) break
        pc++
      } else if (instruction.kind === 'look') {
        const found = run(instruction.program, text, { pc: 0, at, marks }, count)
        if ((found === undefined) !== instruction.isNegated) break
        if (found) marks = found.marks // what groups took in there
        pc++
      } else if (instruction.kind === 'mark') {
        marks = [...marks]
        ;(marks as number[])[instruction.register] = at
        pc++
      } else if (instruction.kind === 'moved') {
        if (marks[instruction.register] === at) break
        pc++
      } else {
        const taken = text.slice(marks[instruction.register], marks[instruction.register + 1])
        if (taken.some((character, i) => text[at + i] !== character)) break
        at += taken.length
        count.steps += taken.length
        pc++
      }
    }
  }
  return undefined
}
