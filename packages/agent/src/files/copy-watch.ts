import { basename } from 'node:path'
import type { Clock } from '@millrace/ports'
import type { FileSystem, OpenFile } from './file-system.ts'
import { type FileTail, fromBeginning, type LostContents, type TailStart } from './file-tail.ts'
import { headLengthMax, holds, isSameSignature, type Signature, signatureAt } from './signature.ts'

/** What was truncated is remembered for so long, and so many of it. */
const rememberMs = 10 * 60_000
const rememberedMax = 1000

type FoundCopy = { readonly id: string; readonly path: string; readonly sizeBytes: number }

/**
 * Rotation by copying: `app.log` is copied to `app.log.1`, and then truncated, or not. A copy that the pattern means is
 * a new file with old lines. It is known by its name and by the bytes up to where the original was read, and is only
 * read on from there, once the original has lost them.
 */
export class CopyWatch {
  readonly #fileSystem: FileSystem
  readonly #clock: Clock
  readonly #copyIds = new WeakMap<LostContents, string>()
  #lost: readonly { readonly contents: LostContents; readonly atMs: number }[] = []

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem
    this.#clock = clock
  }

  /** A file was truncated. */
  remember(contents: LostContents): void {
    const nowMs = this.#clock.monotonicMs()
    const fresh = this.#lost.filter(({ atMs }) => nowMs - atMs < rememberMs).slice(-rememberedMax)
    this.#lost = [...fresh, { contents, atMs: nowMs }]
  }

  /** Where to begin with a file that came after the start; undefined while it looks like a copy of what still stands. */
  async startOf(
    file: OpenFile,
    found: FoundCopy,
    tails: ReadonlyMap<string, FileTail>,
  ): Promise<TailStart | undefined> {
    for (;;) {
      const lost = this.#lost
      const start = await this.#startNow(file, found, tails)
      // What was truncated meanwhile was not yet among the lost, and is no more what stands in its file.
      if (start !== fromBeginning || this.#lost === lost) return start
    }
  }

  async #startNow(
    file: OpenFile,
    { id, path, sizeBytes }: FoundCopy,
    tails: ReadonlyMap<string, FileTail>,
  ): Promise<TailStart | undefined> {
    for (const { contents } of [...this.#lost].reverse()) {
      if (!isCopyName(path, contents.path) || sizeBytes < contents.offset) continue
      if (!(await beginsLike(file, contents.head)) || !(await holds(file, contents.tail, contents.offset))) continue
      this.#copyIds.set(contents, id)
      return contents
    }
    for (const tail of tails.values()) {
      if (tail.head.length === 0 || !isCopyName(path, tail.path)) continue
      // A copy that was only just begun cannot be told yet.
      if (sizeBytes === 0) return undefined
      if ((await beginsLike(file, tail.head)) || (await this.#beginsLikeFile(file, sizeBytes, tail.path)))
        return undefined
    }
    return fromBeginning
  }

  /** All that is in such a copy was read, or will be, from the original: it has nothing of its own. */
  async #beginsLikeFile(copy: OpenFile, sizeBytes: number, path: string): Promise<boolean> {
    const original = await this.#fileSystem.open(path).catch(() => undefined)
    if (!original) return false
    try {
      const length = Math.min(headLengthMax, sizeBytes, (await original.stat()).sizeBytes)
      return length > 0 && isSameSignature(await signatureAt(copy, 0, length), await signatureAt(original, 0, length))
    } finally {
      await original.close()
    }
  }

  /** Whether a file is followed as the copy of what was lost. */
  isCopyOf({ id }: FileTail, lost: LostContents): boolean {
    return this.#copyIds.get(lost) === id
  }
}

async function beginsLike(file: OpenFile, head: Signature): Promise<boolean> {
  return head.length > 0 && isSameSignature(await signatureAt(file, 0, head.length), head)
}

/** `app.log.1`, `app.log-20261121`, `app.log~`, `app-20261121.log` are names for copies of `app.log`. */
export function isCopyName(copy: string, original: string): boolean {
  const name = basename(copy)
  const of = basename(original)
  if (name.length <= of.length) return false
  if (name.startsWith(of)) return /^[.\-_~]/.test(name.slice(of.length))
  const dot = of.lastIndexOf('.')
  return dot > 0 && name.startsWith(of.slice(0, dot)) && name.endsWith(of.slice(dot))
}
