/*
 * An input or an output → what of it is written. What is not known to be harmless is left out: see told-members.ts.
 */

export type Told = {
  /** Members by their names as AWS writes them here, e.g. `streamName`; undefined if there is nothing to tell. */
  readonly parts: Readonly<Record<string, unknown>> | undefined
  /** Nothing was held back. */
  readonly isWhole: boolean
}

/** AWS's words in the place of what is not told. */
export const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'

/** As AWS bounds it: what is larger is left out altogether. */
const jsonBytesMax = 100 * 1024

/**
 * @param names members that may be told, at every depth
 * @param hiddenTexts `named`: a text that is not told is there by its name; `absent`: not even that
 */
export function toldParts(value: unknown, names: ReadonlySet<string>, hiddenTexts: 'named' | 'absent'): Told {
  if (value === undefined || value === null) return { parts: undefined, isWhole: true }
  if (!isPlain(value)) return { parts: undefined, isWhole: false }
  const teller = new Teller(names, hiddenTexts)
  const parts = teller.structure(value)
  if (Object.keys(parts).length === 0) return { parts: undefined, isWhole: teller.isWhole }
  if (Buffer.byteLength(JSON.stringify(parts)) > jsonBytesMax) return { parts: { omitted: true }, isWhole: false }
  return { parts, isWhole: teller.isWhole }
}

class Teller {
  isWhole = true
  readonly #names: ReadonlySet<string>
  readonly #hiddenTexts: 'named' | 'absent'

  constructor(names: ReadonlySet<string>, hiddenTexts: 'named' | 'absent') {
    this.#names = names
    this.#hiddenTexts = hiddenTexts
  }

  structure(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const told: Record<string, unknown> = Object.create(null)
    for (const name of Object.keys(value)) {
      const member = this.#member(name, value[name])
      if (member !== undefined) told[camelCase(name)] = member
    }
    return told
  }

  #member(name: string, value: unknown): unknown {
    if (value === undefined || value === null) return undefined
    // Of a structure that may be told, numbers and switches are: none of them is a secret or a payload.
    if (typeof value === 'number' || typeof value === 'boolean') return value
    if (this.#names.has(name)) return this.#value(value)
    this.isWhole = false
    return typeof value === 'string' && this.#hiddenTexts === 'named' ? hidden : undefined
  }

  /** What a member that may be told holds. */
  #value(value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    if (value instanceof Date) return dateText(value)
    if (Array.isArray(value)) return value.map((each) => this.#value(each)).filter((each) => each !== undefined)
    if (value instanceof Map) {
      const told: Record<string, unknown> = Object.create(null)
      for (const [key, each] of value) if (typeof each === 'string') told[key] = each
      return told
    }
    if (isPlain(value)) return this.structure(value)
    this.isWhole = false // bytes, records, rows, and whatever else has a class of its own
    return undefined
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** StreamName → streamName, StreamARN → streamARN, KMSMasterKeyId → kMSMasterKeyId: only the first letter. */
const camelCase = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As AWS writes times inside parameters and elements: `May 3, 2015, 11:34:14 PM`. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return 'Invalid Date'
  const two = (number: number) => `${number}`.padStart(2, '0')
  const hour = date.getUTCHours()
  const time = `${hour % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  const day = `${months[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
  return `${day}, ${time} ${hour < 12 ? 'AM' : 'PM'}`
}
