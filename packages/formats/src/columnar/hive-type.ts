import type { Column, ColumnType } from './column-type.ts'

/*
 * Types of columns as Hive and Glue write them:
 *
 *   type      = name | 'decimal' [ '(' precision [ ',' scale ] ')' ] | ('varchar' | 'char') '(' length ')'
 *             | 'array' '<' type '>' | 'map' '<' type ',' type '>' | 'struct' '<' field { ',' field } '>'
 *   field     = (word | '`' any, with '``' for a backtick '`') ':' type
 *
 * Names of types are in any case of letters, and spaces may stand between parts.
 */

/** Types inside one another. */
export const typeDepthMax = 32
/** Of the text of a type: what Glue takes. */
const typeLengthMax = 131_072

/** A type that nobody can read. */
export class MalformedType extends Error {}

const plain: Readonly<Record<string, ColumnType>> = {
  boolean: { kind: 'boolean' },
  tinyint: { kind: 'tinyint' },
  smallint: { kind: 'smallint' },
  int: { kind: 'int' },
  integer: { kind: 'int' },
  bigint: { kind: 'bigint' },
  float: { kind: 'float' },
  real: { kind: 'float' },
  double: { kind: 'double' },
  string: { kind: 'string' },
  binary: { kind: 'binary' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp' },
}

/** Hive's. */
const lengthMaxOf = { varchar: 65_535, char: 255 }
const precisionMax = 38

/** @throws MalformedType that says where, and what was expected */
export function parseHiveType(text: string): ColumnType {
  if (text.length > typeLengthMax) throw new MalformedType(`a type of ${text.length} characters, of ${typeLengthMax}`)
  const reader = new TypeReader(text)
  const type = reader.type(1)
  reader.end()
  return type
}

/** Columns of a table. @throws MalformedType that names the column */
export function parseHiveColumns(columns: readonly { readonly name: string; readonly type: string }[]): Column[] {
  const seen = new Set<string>()
  return columns.map(({ name, type }) => {
    if (name === '') throw new MalformedType('a column has no name')
    if (seen.has(name.toLowerCase())) throw new MalformedType(`there are two columns ${name}`)
    seen.add(name.toLowerCase())
    try {
      return { name, type: parseHiveType(type) }
    } catch (error) {
      throw new MalformedType(`column ${name}: ${(error as Error).message}`)
    }
  })
}

class TypeReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  type(depth: number): ColumnType {
    if (depth > typeDepthMax) throw this.#malformed(`at most ${typeDepthMax} types inside one another`)
    const start = this.#skipSpace()
    const name = this.#word().toLowerCase()
    switch (name) {
      case 'array':
        return this.#inside({ kind: 'array', element: this.#open('<').type(depth + 1) })
      case 'map':
        return this.#map(depth)
      case 'struct':
        return this.#inside({ kind: 'struct', fields: this.#open('<').#fields(depth) })
      case 'decimal':
      case 'numeric':
        return this.#decimal()
      case 'varchar':
      case 'char':
        return this.#sizedText(name)
      case 'double':
        this.#optionalWord('precision')
        return { kind: 'double' }
    }
    if (!Object.hasOwn(plain, name)) {
      this.#at = start
      throw this.#malformed(name === 'uniontype' ? 'no uniontype, which cannot be written' : 'the name of a type')
    }
    return plain[name]!
  }

  end(): void {
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#malformed('the end of the type')
  }

  #map(depth: number): ColumnType {
    const start = this.#at
    const key = this.#open('<').type(depth + 1)
    if ('element' in key || 'fields' in key || 'value' in key) {
      this.#at = start
      throw this.#malformed('a primitive type as the key of a map')
    }
    this.#open(',')
    return this.#inside({ kind: 'map', key, value: this.type(depth + 1) })
  }

  #fields(depth: number): Column[] {
    const fields: Column[] = []
    const seen = new Set<string>()
    do {
      const name = this.#fieldName()
      if (seen.has(name.toLowerCase())) throw this.#malformed(`only one field ${name}`)
      seen.add(name.toLowerCase())
      fields.push({ name, type: this.#open(':').type(depth + 1) })
    } while (this.#take(','))
    return fields
  }

  #fieldName(): string {
    this.#skipSpace()
    if (this.#text[this.#at] !== '`') return this.#word()
    const quoted = /`((?:[^`]|``)+)`/y
    quoted.lastIndex = this.#at
    const found = quoted.exec(this.#text)
    if (!found) throw this.#malformed('a name between two backticks')
    this.#at = quoted.lastIndex
    return found[1]!.replaceAll('``', '`')
  }

  #decimal(): ColumnType {
    if (!this.#take('(')) return { kind: 'decimal', precision: 10, scale: 0 }
    const precision = this.#number(1, precisionMax)
    const scale = this.#take(',') ? this.#number(0, precision) : 0
    this.#open(')')
    return { kind: 'decimal', precision, scale }
  }

  #sizedText(kind: 'varchar' | 'char'): ColumnType {
    const length = this.#open('(').#number(1, lengthMaxOf[kind])
    this.#open(')')
    return { kind, length }
  }

  #number(min: number, max: number): number {
    this.#skipSpace()
    const digits = /\d{1,9}/y
    digits.lastIndex = this.#at
    const found = digits.exec(this.#text)
    const value = Number(found?.[0])
    if (!found || value < min || value > max) throw this.#malformed(`a number from ${min} to ${max}`)
    this.#at = digits.lastIndex
    return value
  }

  #word(): string {
    this.#skipSpace()
    const word = /[\p{L}\p{N}_$.-]+/uy
    word.lastIndex = this.#at
    const found = word.exec(this.#text)
    if (!found) throw this.#malformed('a name')
    this.#at = word.lastIndex
    return found[0]
  }

  #optionalWord(wanted: string): void {
    const before = this.#at
    this.#skipSpace()
    if (this.#text.slice(this.#at, this.#at + wanted.length).toLowerCase() === wanted) this.#at += wanted.length
    else this.#at = before
  }

  /** What ends with `>`. */
  #inside(type: ColumnType): ColumnType {
    this.#open('>')
    return type
  }

  #open(mark: string): this {
    if (!this.#take(mark)) throw this.#malformed(`"${mark}"`)
    return this
  }

  #take(mark: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #skipSpace(): number {
    while (this.#at < this.#text.length && this.#text[this.#at]!.trim() === '') this.#at++
    return this.#at
  }

  #malformed(expected: string): MalformedType {
    const around = this.#text.slice(Math.max(0, this.#at - 20), this.#at + 20)
    const where = this.#at < this.#text.length ? `at character ${this.#at + 1}` : 'at the end'
    return new MalformedType(`expected ${expected} ${where} of the type, near "${around}"`)
  }
}
