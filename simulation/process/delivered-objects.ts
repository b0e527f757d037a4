import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'

/*
 * What Firehose delivered into a folder that is a bucket. Records are lines, each with its name.
 */

/** A whole object. */
export type Delivered = { readonly key: string; readonly names: readonly string[] }

/** Reads a bucket again and again: each object once, for an object never changes. */
export class DeliveredObjects {
  readonly #folder: string
  readonly #read = new Set<string>()
  /** In the order in which they came. */
  readonly objects: Delivered[] = []
  /** How often each record is there. */
  readonly times = new Map<string, number>()
  /** Objects that are not what was asked for, and why. */
  readonly faults: string[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads what came since the last time. */
  look(): void {
    if (!existsSync(this.#folder)) return
    const fresh = readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)))
      .filter((key) => !this.#read.has(key))
    const cameAtMs = new Map(fresh.map((key) => [key, statSync(join(this.#folder, key)).mtimeMs]))
    for (const key of fresh.sort((a, b) => cameAtMs.get(a)! - cameAtMs.get(b)!)) {
      this.#read.add(key)
      this.#take(key)
    }
  }

  /** Objects with a record that another one before them had. */
  get repeats(): number {
    const seen = new Set<string>()
    let repeats = 0
    for (const { names } of this.objects) {
      if (names.some((name) => seen.has(name))) repeats++
      for (const name of names) seen.add(name)
    }
    return repeats
  }

  #take(key: string): void {
    try {
      const text = gunzipSync(readFileSync(join(this.#folder, key))).toString()
      if (!text.endsWith('\n')) throw new Error('its last line is cut')
      const names = text
        .slice(0, -1)
        .split('\n')
        .map((line) => line.slice(0, line.indexOf(' ')))
      this.objects.push({ key, names })
      for (const name of names) this.times.set(name, (this.times.get(name) ?? 0) + 1)
    } catch (error) {
      this.faults.push(`${key}: ${(error as Error).message}`)
    }
  }
}
