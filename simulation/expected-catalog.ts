import type { Catalog, Json, Versioned } from '../packages/server/src/storage/catalog.ts'
import { holds } from './expected-log.ts'

type Value = { readonly text: string | undefined; readonly version: number | undefined }

/** What a catalog must hold, by what it was asked and what it answered. */
export class ExpectedCatalog {
  /** For each key what it may be: first what was acknowledged last, then what was asked since. */
  readonly #values = new Map<string, Value[]>()
  /** No change may get this version or one before it. */
  #version = 0

  copy(): ExpectedCatalog {
    const copy = new ExpectedCatalog()
    for (const [key, values] of this.#values) copy.#values.set(key, [...values])
    copy.#version = this.#version
    return copy
  }

  ask(key: string, value: Json | undefined): void {
    const values = this.#values.get(key) ?? [{ text: undefined, version: undefined }]
    this.#values.set(key, [...values, { text: textOf(value), version: undefined }])
  }

  acknowledge(key: string, value: Json | undefined, version: number | undefined): void {
    if (version !== undefined) {
      holds(version > this.#version, () => `catalog: version ${version} is given after ${this.#version}`)
      this.#version = version
    }
    this.#values.set(key, [{ text: textOf(value), version }])
  }

  /** Checks all that a catalog says, and goes on from what it said. */
  check(catalog: Catalog): void {
    for (const [key, values] of this.#values) {
      const found = catalog.get(key)
      const text = textOf(found?.value)
      const expected = values.find((value) => value.text === text)
      holds(
        expected !== undefined,
        () => `catalog: ${key} is ${text}, and was ${values.map((value) => value.text).join(' or ')}`,
      )
      const { version } = expected
      holds(!found || version === undefined || found.version === version, () => `catalog: ${key} has another version`)
      this.#values.set(key, [{ text, version: found?.version }])
    }
    const listed = catalog.list('')
    const known = (one: Versioned) => this.#values.has(one.key)
    holds(
      listed.every(known),
      () => `catalog: has keys that were never put: ${listed.map(({ key }) => key).join(', ')}`,
    )
    for (const { version } of listed) this.#version = Math.max(this.#version, version)
  }
}

const textOf = (value: Json | undefined) => (value === undefined ? undefined : JSON.stringify(value))
