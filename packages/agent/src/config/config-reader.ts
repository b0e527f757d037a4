/** What is wrong with a configuration: a line for each fault, and none of it was acted upon. */
export class AgentConfigError extends Error {
  override readonly name = 'AgentConfigError'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/**
 * Reads the members of one JSON object by their keys. Faults are collected, so that one run tells all of them; keys that
 * nobody asked for are told as warnings. Numbers and booleans may be given as text, as AWS's agent takes them.
 */
export class ConfigReader {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #asked = new Set<string>()
  readonly #faults: string[]
  readonly #warnings: string[]

  /** @param where what stands before a key in a fault, e.g. 'flows[0].' */
  constructor(value: unknown, where: string, faults: string[], warnings: string[]) {
    this.#where = where
    this.#faults = faults
    this.#warnings = warnings
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject) this.fault('', `must be an object, not ${shown(value)}`)
    this.#members = isObject ? (value as Record<string, unknown>) : {}
  }

  has(key: string): boolean {
    return this.#take(key) !== undefined
  }

  /** The value as it stands, whatever it is. */
  any(key: string): unknown {
    return this.#take(key)
  }

  string(key: string): string | undefined {
    const value = this.#take(key)
    if (value === undefined || typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    return this.fault(key, `must be text, not ${shown(value)}`)
  }

  /** Text that must be there and not be empty. */
  required(key: string): string {
    const value = this.string(key)
    if (value === undefined && this.#members[key] === undefined) this.fault(key, 'is missing')
    else if (value === '') this.fault(key, 'must not be empty')
    return value ?? ''
  }

  /** A whole number within bounds. */
  integer(key: string, fallback: number, { min, max }: { min: number; max: number }): number {
    const value = this.#take(key)
    if (value === undefined) return fallback
    const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number))
      return this.fault(key, `must be a whole number, not ${shown(value)}`) ?? fallback
    if (number < min || number > max) return this.fault(key, `must be ${range(min, max)}, not ${number}`) ?? fallback
    return number
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#take(key)
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    if (value === 'true' || value === 'false') return value === 'true'
    return this.fault(key, `must be true or false, not ${shown(value)}`) ?? fallback
  }

  oneOf<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
    const value = this.#take(key)
    if (value === undefined || names.includes(value as Name)) return value as Name | undefined
    return this.fault(key, `must be one of ${names.join(', ')}, not ${shown(value)}`)
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.#take(key)
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    return this.fault(key, `must be a list of texts, not ${shown(value)}`)
  }

  list(key: string): readonly unknown[] {
    const value = this.#take(key)
    if (value === undefined || Array.isArray(value)) return value ?? []
    return this.fault(key, `must be a list, not ${shown(value)}`) ?? []
  }

  /** Keys that are known, and change nothing here. */
  ignore(keys: readonly string[], why: string): void {
    for (const key of keys) if (this.has(key)) this.#warnings.push(`${this.#where}${key} has no effect: ${why}`)
  }

  /** Keys that begin so are known, and change nothing here. */
  ignorePrefix(prefix: string, why: string): void {
    this.ignore(
      Object.keys(this.#members).filter((key) => key.startsWith(prefix) && !this.#asked.has(key)),
      why,
    )
  }

  fault(key: string, sentence: string): undefined {
    const name = `${this.#where}${key}`.replace(/\.$/, '')
    this.#faults.push(`${name === '' ? 'the configuration' : name} ${sentence}`)
  }

  /** Call it last: warns about the keys that nobody asked for. */
  finish(): void {
    for (const key of Object.keys(this.#members))
      if (!this.#asked.has(key)) this.#warnings.push(`${this.#where}${key} is not a key that is known; it is ignored`)
  }

  #take(key: string): unknown {
    this.#asked.add(key)
    return this.#members[key] ?? undefined
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
}
