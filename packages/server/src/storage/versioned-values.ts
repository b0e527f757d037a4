import type { Versioned } from './catalog.ts'

/** Those whose key begins with `prefix`, in order of key by code unit. */
export function listed(values: Iterable<Versioned>, prefix: string): Versioned[] {
  const found: Versioned[] = []
  for (const value of values) if (value.key.startsWith(prefix)) found.push(value)
  return found.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Who is told of changes below a prefix. */
export class Watchers {
  readonly #all = new Set<{ readonly prefix: string; readonly listener: (key: string) => void }>()

  /** Returns how to stop. */
  add(prefix: string, listener: (key: string) => void): () => void {
    const watcher = { prefix, listener }
    this.#all.add(watcher)
    return () => this.#all.delete(watcher)
  }

  tell(key: string): void {
    for (const { prefix, listener } of [...this.#all]) if (key.startsWith(prefix)) listener(key)
  }
}
