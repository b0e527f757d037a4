import type { File } from './file-system.ts'

/** Files that stay open for reading when nobody reads from them. */
const openFilesMax = 64

export type OpenFile = { readonly file: Promise<File>; users: number; dropped: boolean }

/**
 * Open files, one for each key, the latest used of them. Who takes one reads from the same file for as long as he holds
 * it, also when another has come under its name.
 */
export class OpenFiles<Key> {
  readonly #open: (key: Key) => Promise<File>
  readonly #files = new Map<Key, OpenFile>()

  constructor(open: (key: Key) => Promise<File>) {
    this.#open = open
  }

  /** Opens a file, or takes the open one. It must be released. */
  take(key: Key): OpenFile {
    const opened = this.#files.get(key) ?? { file: this.#open(key), users: 0, dropped: false }
    opened.users++
    this.#files.delete(key)
    this.#files.set(key, opened) // the last in order is the latest used
    if (this.#files.size > openFilesMax) this.drop(this.#files.keys().next().value!)
    return opened
  }

  release(opened: OpenFile): void {
    if (--opened.users === 0 && opened.dropped) closeQuietly(opened.file)
  }

  /** Closes a file once nobody reads from it: who takes it next opens it again. */
  drop(key: Key): void {
    const opened = this.#files.get(key)
    if (!opened) return
    this.#files.delete(key)
    opened.dropped = true
    if (opened.users === 0) closeQuietly(opened.file)
  }

  /** Closes the files that nobody reads from now. False if there are none. */
  async closeIdle(): Promise<boolean> {
    const idle = [...this.#files].filter(([, { users }]) => users === 0)
    for (const [key] of idle) this.#files.delete(key)
    await Promise.all(idle.map(([, { file }]) => file.then((opened) => opened.close()).catch(() => {})))
    return idle.length > 0
  }

  dropAll(): void {
    for (const key of [...this.#files.keys()]) this.drop(key)
  }
}

function closeQuietly(file: Promise<File>): void {
  file.then((opened) => opened.close()).catch(() => {}) // it was for reading only: nothing can be lost
}
