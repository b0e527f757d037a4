import { validationError } from '../../core/aws-error.ts'

/** A word, `#name`, `:value`, a whole number or a sign; `end` after the last. */
export type Token = {
  readonly kind: 'word' | 'name' | 'value' | 'number' | 'sign' | 'end'
  readonly text: string
  readonly start: number
}

const pattern =
  /[ \t\r\n]*(?:(?<word>[A-Za-z_]\w*)|(?<name>#\w*)|(?<value>:\w*)|(?<number>\d+)|(?<sign><=|>=|<>|[=<>()[\],.+-]))/y

/** Expressions are at most this long. */
const expressionBytesMax = 4096

/** How deep parentheses and functions may nest; a reader of expressions goes one call deeper for each. */
const depthMax = 100

/** The tokens of one expression, read from left to right. `parameter` is how AWS's sentences call the expression. */
export class TokenReader {
  readonly parameter: string
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  /** @throws ValidationException for what is no expression at all */
  constructor(parameter: string, text: string) {
    this.parameter = parameter
    this.#text = text
    if (text === '') throw this.fault('The expression can not be empty;')
    if (Buffer.byteLength(text) > expressionBytesMax)
      throw this.fault(
        `Expression size has exceeded the maximum allowed size; expression size: ${Buffer.byteLength(text)}`,
      )
    this.#tokens = this.#tokenize()
  }

  get next(): Token {
    return this.#tokens[this.#at]!
  }

  take(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Takes the next token if it is this sign. */
  takeSign(sign: string): boolean {
    const found = this.next.kind === 'sign' && this.next.text === sign
    if (found) this.#at++
    return found
  }

  /** @throws ValidationException if the next token is another */
  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw this.syntaxError()
  }

  /** Is the next token this word, in any case of letters? */
  isWord(word: string): boolean {
    return this.next.kind === 'word' && this.next.text.toUpperCase() === word
  }

  takeWord(word: string): boolean {
    const found = this.isWord(word)
    if (found) this.#at++
    return found
  }

  /** Is the next token a word with `(` behind it: a function? */
  isFunction(): boolean {
    const after = this.#tokens[this.#at + 1]
    return this.next.kind === 'word' && after?.kind === 'sign' && after.text === '('
  }

  expectEnd(): void {
    if (this.next.kind !== 'end') throw this.syntaxError()
  }

  /** Goes one level deeper while `read` runs. @throws ValidationException where that is too deep */
  nested<T>(read: () => T): T {
    if (++this.#depth > depthMax)
      throw this.fault(`The expression contains too many nested levels; the maximum is ${depthMax}`)
    const result = read()
    this.#depth--
    return result
  }

  /** `Invalid ConditionExpression: …` */
  fault(sentence: string) {
    return validationError(`Invalid ${this.parameter}: ${sentence}`)
  }

  /** The next token does not fit here. */
  syntaxError() {
    const token = this.next
    const before = this.#tokens[this.#at - 1] ?? token
    const after = this.#tokens[this.#at + 1] ?? token
    const near = this.#text.slice(before.start, after.start + after.text.length)
    return this.fault(`Syntax error; token: "${token.kind === 'end' ? '<EOF>' : token.text}", near: "${near}"`)
  }

  #tokenize(): Token[] {
    const tokens: Token[] = []
    pattern.lastIndex = 0
    for (let match = pattern.exec(this.#text); match; match = pattern.exec(this.#text)) {
      const [kind, text] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!
      const start = match.index + match[0].length - text!.length
      tokens.push({ kind: kind as Token['kind'], text: text!, start })
      if ((kind === 'name' || kind === 'value') && text!.length === 1) throw this.#strange(start)
      pattern.lastIndex = match.index + match[0].length
    }
    const last = tokens.at(-1)
    const read = last ? last.start + last.text.length : 0
    const rest = this.#text.slice(read).search(/[^ \t\r\n]/)
    if (rest >= 0) throw this.#strange(read + rest)
    if (tokens.length === 0) throw this.fault('The expression can not be empty;')
    return [...tokens, { kind: 'end', text: '', start: this.#text.length }]
  }

  #strange(at: number) {
    const near = this.#text.slice(Math.max(0, at - 10), at + 10)
    return this.fault(`Syntax error; token: "${this.#text[at]}", near: "${near}"`)
  }
}
