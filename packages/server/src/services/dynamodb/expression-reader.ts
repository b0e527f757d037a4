import type { AttributeValue } from './attribute-value.ts'
import type { Placeholders } from './placeholders.ts'
import { isReservedWord } from './reserved-words.ts'
import { TokenReader } from './token-reader.ts'

/** Kinds of fault that leave an expression readable. */
export type FaultKind =
  | 'parentheses'
  | 'section'
  | 'function'
  | 'use'
  | 'reserved'
  | 'placeholder'
  | 'operands'
  | 'distinct'
  | 'overlap'
  | 'operand type'

/** AWS's bound for comparators, `+`, `-` and functions of one expression, though its documentation names updates alone. */
const operatorsMax = 300

/**
 * What reading any expression has in common: its tokens, its placeholders, and its faults. AWS reads an expression to
 * its end (a broken syntax wins), and of all other faults tells the first of the kind that it ranks highest.
 */
export class ExpressionReader {
  readonly tokens: TokenReader
  readonly #placeholders: Placeholders
  readonly #faults = new Map<FaultKind, string>()
  #operators = 0

  constructor(parameter: string, text: string, placeholders: Placeholders) {
    this.tokens = new TokenReader(parameter, text)
    this.#placeholders = placeholders
  }

  note(kind: FaultKind, sentence: string): void {
    if (!this.#faults.has(kind)) this.#faults.set(kind, sentence)
  }

  /** @throws ValidationException for the fault that AWS tells first */
  end(ranking: readonly FaultKind[]): void {
    this.tokens.expectEnd()
    for (const kind of ranking) {
      const sentence = this.#faults.get(kind)
      if (sentence !== undefined) throw this.tokens.fault(sentence)
    }
  }

  /** Counts an operator or a function. @throws ValidationException for one too many */
  countOperator(): void {
    if (++this.#operators > operatorsMax)
      throw this.tokens.fault(`The expression contains too many operators; operator count: ${this.#operators}`)
  }

  checkReserved(name: string): void {
    if (isReservedWord(name)) this.note('reserved', `Attribute name is a reserved keyword; reserved keyword: ${name}`)
  }

  /** Whom `#name` stands for. */
  attributeName(placeholder: string): string {
    const name = this.#placeholders.name(placeholder)
    if (name === undefined)
      this.note(
        'placeholder',
        `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
      )
    return name ?? placeholder
  }

  /** What `:value` stands for. */
  attributeValue(placeholder: string): AttributeValue {
    const value = this.#placeholders.value(placeholder)
    if (value === undefined)
      this.note(
        'placeholder',
        `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
      )
    return value ?? { NULL: true }
  }
}
