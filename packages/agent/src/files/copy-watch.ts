import { basename } from 'node:path'
import type { Clock } from '@millrace/ports'
import type { OpenFile } from './file-system.ts'
import { type FileTail, fromBeginning, type LostContents, type TailStart } from './file-tail.ts'
import { holds, isSameSignature, signatureAt } from './signature.ts'

/** What was truncated is remembered for so long, and so many of it. */
const rememberMs = 10 * 60_000
const rememberedMax = 1000

/**
 * Rotation by copying: `app.log` is copied to `app.log.1`, and then truncated, or not. A copy that the pattern means is
 * a new file with old lines. It is known by its name and by the bytes up to where the original was read, and is only
 * read on from there, once the original has lost them.
 */
export class CopyWatch {
  readonly #clock: Clock
  #lost: { readonly contents: LostContents; readonly atMs: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A file was truncated. */
  remember(contents: LostContents): void {
    const nowMs = this.#clock.monotonicMs()
    this.#lost = this.#lost.filter(({ atMs }) => nowMs - atMs < rememberMs).slice(-rememberedMax)
    this.#lost.push({ contents, atMs: nowMs })
  }

  /** Where to begin with a file that came after the start; undefined while it looks like a copy of what still stands. */
  async startOf(
    file: OpenFile,
    path: string,
    sizeBytes: number,
    tails: Iterable<FileTail>,
  ): Promise<TailStart | undefined> {
    for (const { contents } of [...this.#lost].reverse())
      if (isCopyName(path, contents.path) && (await beginsLike(file, contents)) && sizeBytes >= contents.offset)
        if (await holds(file, contents.tail, contents.offset)) return contents
    for (const tail of tails) {
      const contents = tail.contents()
      if (!isCopyName(path, contents.path) || contents.head.length === 0) continue
      // A copy that was only just begun cannot be told yet.
      if (sizeBytes === 0) return undefined
      if (!(await beginsLike(file, contents))) continue
      // All that is in the copy was read, or will be, from the original: it is none of its own.
      return undefined
    }
    return fromBeginning
  }

  /** Whether a file is followed as the copy of what was lost. */
  isCopyOf(tail: FileTail, lost: LostContents): boolean {
    return isCopyName(tail.path, lost.path) && isSameSignature(tail.head, lost.head)
  }
}

async function beginsLike(file: OpenFile, { head }: LostContents): Promise<boolean> {
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
