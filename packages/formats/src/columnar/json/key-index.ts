/** How a deserializer finds the field that a JSON key means. */
export type KeyRules = {
  readonly caseInsensitive: boolean
  readonly dotsToUnderscores: boolean
  /** Field → the JSON key that it is read from instead of its own name; at every depth. */
  readonly jsonKeys: ReadonlyMap<string, string>
}

/** Keys that are remembered as they were written, for each struct. */
const rememberedMax = 4096

/** JSON key → number of the field; -1 for a key that means none. */
export class KeyIndex {
  readonly #rules: KeyRules
  readonly #fields = new Map<string, number>()
  readonly #seen = new Map<string, number>()

  constructor(names: readonly string[], rules: KeyRules) {
    this.#rules = rules
    for (const [index, name] of names.entries()) {
      const key = rules.jsonKeys.get(name)
      this.#fields.set(key === undefined ? caseOf(name, rules) : normalKey(key, rules), index)
    }
  }

  of(key: string): number {
    const seen = this.#seen.get(key)
    if (seen !== undefined) return seen
    const index = this.#fields.get(normalKey(key, this.#rules)) ?? -1
    if (this.#seen.size < rememberedMax) this.#seen.set(key, index)
    return index
  }
}

/** What a key is called in a map. */
export const caseOf = (key: string, { caseInsensitive }: KeyRules) => (caseInsensitive ? key.toLowerCase() : key)

function normalKey(key: string, rules: KeyRules): string {
  const cased = caseOf(key, rules)
  return rules.dotsToUnderscores ? cased.replaceAll('.', '_') : cased
}
