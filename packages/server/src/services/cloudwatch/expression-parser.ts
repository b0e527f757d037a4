/*
 * Metric math, as text:
 *
 *   expression:  term (('+' | '-') term)*          term:    power (('*' | '/') power)*
 *   power:       unary ('^' power)?                unary:   '-' unary | value
 *   value:       number | "text" | name | name '(' list ')' | '(' expression ')' | '[' list ']'
 */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'call'; readonly name: string; readonly items: readonly Expression[] }
  | { readonly kind: 'operation'; readonly sign: Sign; readonly left: Expression; readonly right: Expression }

export type Sign = '+' | '-' | '*' | '/' | '^'

/** It cannot be read, or says what is not known here. The message completes `Millrace …`. */
export class ExpressionError extends Error {}

/** An expression is at most 2,048 letters long, and no longer than this deep. */
const depthMax = 50

/** @throws ExpressionError */
export function parseExpression(text: string): Expression {
  const words = text.match(/\s+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_]\w*|"[^"]*"|'[^']*'|./gs) ?? []
  const parser = new Parser(words.filter((word) => word.trim() !== ''))
  return parser.whole()
}

class Parser {
  readonly #words: readonly string[]
  #at = 0
  #depth = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  whole(): Expression {
    const expression = this.#expression()
    const rest = this.#words[this.#at]
    if (rest !== undefined) throw new ExpressionError(`does not understand "${rest}" in it`)
    return expression
  }

  #expression(): Expression {
    if (++this.#depth > depthMax) throw new ExpressionError('does not read so many brackets within each other')
    let left = this.#term()
    for (let sign = this.#take('+', '-'); sign; sign = this.#take('+', '-'))
      left = { kind: 'operation', sign, left, right: this.#term() }
    this.#depth--
    return left
  }

  #term(): Expression {
    let left = this.#power()
    for (let sign = this.#take('*', '/'); sign; sign = this.#take('*', '/'))
      left = { kind: 'operation', sign, left, right: this.#power() }
    return left
  }

  #power(): Expression {
    const left = this.#unary()
    return this.#take('^') ? { kind: 'operation', sign: '^', left, right: this.#power() } : left
  }

  #unary(): Expression {
    let isNegative = false
    while (this.#take('-')) isNegative = !isNegative
    const value = this.#value()
    return isNegative ? { kind: 'operation', sign: '-', left: { kind: 'number', value: 0 }, right: value } : value
  }

  #value(): Expression {
    const word = this.#words[this.#at++]
    if (word === undefined) throw new ExpressionError('misses something at its end')
    if (/^\d/.test(word)) return { kind: 'number', value: Number(word) }
    if (/^["']/.test(word) && word.length > 1) return { kind: 'text', value: word.slice(1, -1) }
    if (word === '[') return { kind: 'list', items: this.#list(']') }
    if (word === '(') {
      const inner = this.#expression()
      if (!this.#take(')')) throw new ExpressionError('misses a closing bracket in it')
      return inner
    }
    if (!/^[A-Za-z_]/.test(word)) throw new ExpressionError(`does not understand "${word}" in it`)
    if (this.#take('(')) return { kind: 'call', name: word.toUpperCase(), items: this.#list(')') }
    return { kind: 'name', name: word }
  }

  #list(end: string): Expression[] {
    const items: Expression[] = []
    if (this.#take(end)) return items
    do items.push(this.#expression())
    while (this.#take(','))
    if (!this.#take(end)) throw new ExpressionError(`misses a "${end}" in it`)
    return items
  }

  #take<const W extends string>(...wanted: W[]): W | undefined {
    const word = this.#words[this.#at]
    if (!wanted.includes(word as W)) return undefined
    this.#at++
    return word as W
  }
}
