import { join } from 'node:path'
import type { DirectoryHint, FileSystem } from './file-system.ts'

/** So many directories are watched; in others files are found by looking. */
const watchesMax = 1000

/** The system's hints about the directories of a flow. Without them all works too, only later. */
export class DirectoryWatches {
  readonly #fileSystem: FileSystem
  readonly #onHint: (path: string | undefined, hint: DirectoryHint) => void
  readonly #ends = new Map<string, () => void>()
  #areComplete = false

  /** @param onHint gets the path that a hint is about, where it has a name */
  constructor(fileSystem: FileSystem, onHint: (path: string | undefined, hint: DirectoryHint) => void) {
    this.#fileSystem = fileSystem
    this.#onHint = onHint
  }

  /** Whether all directories are watched. */
  get areComplete(): boolean {
    return this.#areComplete
  }

  /** Watches these, and no others; `isWhole` says that there are no more. A directory that is not there yet is tried with the next scan. */
  follow(directories: readonly string[], isWhole: boolean): void {
    const wanted = new Set(directories.slice(0, watchesMax))
    for (const [directory, end] of this.#ends) {
      if (wanted.has(directory)) continue
      end()
      this.#ends.delete(directory)
    }
    for (const directory of wanted) if (!this.#ends.has(directory)) this.#watch(directory)
    this.#areComplete = isWhole && this.#ends.size === directories.length
  }

  close(): void {
    this.follow([], false)
  }

  #watch(directory: string): void {
    try {
      const end = this.#fileSystem.watch(directory, (hint) =>
        this.#onHint(hint.name === undefined ? undefined : join(directory, hint.name), hint),
      )
      this.#ends.set(directory, end)
    } catch {
      // Not there, or no more watches to be had: files are found by looking.
    }
  }
}
