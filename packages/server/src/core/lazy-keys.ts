import type { ConditionKeys } from './access.ts'

type Values = readonly string[] | undefined

/** Condition keys whose values are found out when a policy asks for them, once. */
export class LazyKeys implements ConditionKeys {
  readonly #find: Readonly<Record<string, () => Values>>
  readonly #found = new Map<string, Values>()

  /** Names are in small letters. */
  constructor(find: Readonly<Record<string, () => Values>>) {
    this.#find = find
  }

  get(name: string): Values {
    if (this.#found.has(name)) return this.#found.get(name)
    if (!Object.hasOwn(this.#find, name)) return undefined
    const values = this.#find[name]!()
    this.#found.set(name, values)
    return values
  }
}
