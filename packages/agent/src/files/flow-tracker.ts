import { dirname, resolve } from 'node:path'
import { CopyWatch, isCopyName } from './copy-watch.ts'
import { DirectoryWatches } from './directory-watches.ts'
import { type FoundFile, findById, scanFiles } from './file-scan.ts'
import type { DirectoryHint, OpenFile } from './file-system.ts'
import { FileTail, type LostContents, type TailContext } from './file-tail.ts'
import { type Glob, parseGlob } from './glob.ts'
import { isFileOf, StartFinder } from './start-finder.ts'

/** So many files of a flow are kept open; those that grew longest ago are opened again when they grow. */
export const openFilesMax = 512

/** Scans that hints ask for are this far apart. */
const hintedScanMs = 200

/** How often to look for new files, and at idle ones, where the system gives no hints. */
const unwatchedScanMs = 1000

/** How often to look at idle files, besides what hints and scans say of them. */
const idleLookMs = { watched: 60_000, unwatched: 1000 }

/** The files of one flow: finds them, knows them again whatever they are called, and looks after their tails. */
export class FlowTracker {
  readonly #context: TailContext
  readonly #glob: Glob
  readonly #tails = new Map<string, FileTail>()
  readonly #copies: CopyWatch
  readonly #watches: DirectoryWatches
  #byPath = new Map<string, FileTail>()
  #nextScanMs = Number.NEGATIVE_INFINITY
  #lastScanMs = Number.NEGATIVE_INFINITY
  #scanning: Promise<void> | undefined
  #starts: StartFinder | undefined
  /** Files that lost their contents, and by what these are known in a copy. */
  readonly #truncated = new Map<FileTail, LostContents>()
  /** Files that the last scan did not find. */
  #missed: ReadonlySet<FileTail> = new Set()
  #isStopped = false
  readonly #wake: () => void

  /** @param wake called when there is something to do before its time */
  constructor(context: Omit<TailContext, 'onTruncated' | 'idleLookMs'>, wake: () => void) {
    this.#context = {
      ...context,
      onTruncated: (tail, lost) => this.#findCopies(tail, lost),
      idleLookMs: () => (this.#watches.areComplete ? idleLookMs.watched : idleLookMs.unwatched),
    }
    this.#wake = wake
    this.#glob = parseGlob(resolvePattern(context.flow.filePattern))
    this.#copies = new CopyWatch(context.fileSystem, context.clock)
    this.#watches = new DirectoryWatches(context.fileSystem, (path, hint) => this.#hint(path, hint))
  }

  get tails(): Iterable<FileTail> {
    return this.#tails.values()
  }

  /** Does what is due. Returns when something will be, by the monotonic clock. */
  tick(nowMs: number, mustFlush: boolean): number {
    if (nowMs >= this.#nextScanMs) void this.scan()
    let nextMs = this.#nextScanMs
    for (const tail of this.#tails.values()) {
      if (tail.isBusy) continue
      if (tail.nextLookMs <= nowMs) {
        void tail.look().then(this.#wake)
        continue
      }
      if (mustFlush || tail.flushDueMs <= nowMs) tail.flushIfDue(nowMs, mustFlush)
      nextMs = Math.min(nextMs, tail.nextLookMs, tail.flushDueMs)
    }
    return nextMs
  }

  /** Looks for files. One at a time. */
  scan(): Promise<void> {
    this.#nextScanMs = Number.POSITIVE_INFINITY
    this.#scanning ??= this.#scan()
      .catch((error: Error) => this.#context.logger.log('warn', `${this.#context.flow.id}: ${error.message}`))
      .finally(() => {
        this.#scanning = undefined
        this.#lastScanMs = this.#context.clock.monotonicMs()
        const { refreshMs } = this.#context.flow
        const pauseMs = this.#watches.areComplete ? refreshMs : Math.min(refreshMs, unwatchedScanMs)
        this.#nextScanMs = Math.min(this.#nextScanMs, this.#lastScanMs + pauseMs)
        this.#wake()
      })
    return this.#scanning
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#watches.close()
    await this.#scanning
    await Promise.all([...this.#tails.values()].map((tail) => tail.stop()))
  }

  async #scan(): Promise<void> {
    const { fileSystem, store, flow } = this.#context
    const { files, directories, isWhole } = await scanFiles(fileSystem, this.#glob)
    if (this.#isStopped) return
    this.#watches.follow(directories, isWhole)
    const byId = new Map<string, FoundFile>()
    // A file with two names is one file: under the name that it has already, else under the first.
    for (const file of files)
      if (!byId.has(file.stat.id) || this.#tails.get(file.stat.id)?.path === file.path) byId.set(file.stat.id, file)
    const before = this.#byPath
    for (const tail of this.#tails.values()) this.#update(tail, byId.get(tail.id))
    const isFirst = this.#starts === undefined
    this.#starts ??= new StartFinder(this.#context, this.#copies, byId.keys())
    // Those that were read before come first: what they lost may be in the others.
    const known = (file: FoundFile) => (store.find(flow.id, file.stat.id) ? 0 : 1)
    const found = [...byId.values()].filter(({ stat }) => !this.#tails.has(stat.id))
    const paths = [...byId.values()].map(({ path }) => path)
    for (const file of found.sort((a, b) => known(a) - known(b))) {
      const tail = await this.#adopt(file)
      const replaced = before.get(file.path)
      if (tail && replaced) tail.after.add(replaced)
      if (tail && !isFirst) this.#putAfterOlder(tail, paths)
    }
    if (isFirst) {
      await this.#adoptMoved(byId)
      await store.startFlow(flow.id)
    }
    this.#linkCopies()
    if (isFirst) this.#truncated.clear()
    this.#byPath = new Map([...this.#tails.values()].filter(({ id }) => byId.has(id)).map((tail) => [tail.path, tail]))
    await this.#letGo(byId)
  }

  /** What a tail's file is called now, and whether it lost the name that it had. */
  #update(tail: FileTail, found: FoundFile | undefined): void {
    if (found === undefined) {
      tail.retire('gone')
      return
    }
    tail.notice(found.stat, this.#context.clock.monotonicMs())
    if (found.path !== tail.path || tail.isRetired) {
      tail.path = found.path
      tail.retire('renamed')
    }
  }

  /**
   * Where files are rotated faster than anyone looks, several new ones are found at a time: `app.log.2`, `app.log.1` and
   * `app.log`, the oldest first. Each waits for those that came before it and are not delivered yet.
   */
  #putAfterOlder(tail: FileTail, paths: readonly string[]): void {
    const family = (path: string) => paths.find((base) => isCopyName(path, base)) ?? path
    const own = family(tail.path)
    for (const other of this.#tails.values()) {
      if (other === tail || other.isDelivered || other.after.has(tail) || family(other.path) !== own) continue
      if (other.path === own) continue
      other.retire('renamed')
      tail.after.add(other)
    }
  }

  /** Follows a file that was not followed. */
  async #adopt({ path, stat }: FoundFile): Promise<FileTail | undefined> {
    let file: OpenFile | undefined
    try {
      file = await this.#context.fileSystem.open(path)
      const { id, sizeBytes } = await file.stat()
      if (id !== stat.id) return undefined
      const found = await this.#starts!.startOf(file, { id, path, sizeBytes }, this.#tails)
      if (!found) return undefined
      const tail = new FileTail(id, path, found.start, this.#context)
      if (found.lost) this.#truncated.set(tail, found.lost)
      this.#tails.set(id, tail)
      this.#unreadable.delete(path)
      this.#context.logger.log('debug', `following ${path}`, { from: found.start.offset })
      return tail
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#tellUnreadable(path, error as Error)
      return undefined
    } finally {
      await file?.close()
    }
  }

  /**
   * Files that had another name when they were last read: what has that name now comes after them. Those that the pattern
   * does not mean any more are read to their end.
   */
  async #adoptMoved(byId: ReadonlyMap<string, FoundFile>): Promise<void> {
    const { fileSystem, store, flow } = this.#context
    for (const checkpoint of store.ofFlow(flow.id)) {
      const known = this.#tails.get(checkpoint.id)
      if (known && known.path !== checkpoint.path) this.#putAfter(known, checkpoint.path)
      if (known || byId.has(checkpoint.id)) continue
      const path = await findById(fileSystem, dirname(checkpoint.path), checkpoint.id)
      const file = path === undefined ? undefined : await fileSystem.open(path).catch(() => undefined)
      if (path === undefined || !file) continue
      const { sizeBytes } = await file.stat()
      if (sizeBytes > checkpoint.offset && (await isFileOf(checkpoint, file, sizeBytes))) {
        const tail = new FileTail(checkpoint.id, path, checkpoint, this.#context)
        tail.retire('gone')
        this.#tails.set(tail.id, tail)
        this.#putAfter(tail, checkpoint.path)
      }
      await file.close()
    }
  }

  /** What is at a path now is read after what was there before. */
  #putAfter(before: FileTail, path: string): void {
    for (const tail of this.#tails.values()) if (tail !== before && tail.path === path) tail.after.add(before)
  }

  /** A file was truncated: what it held may be in a copy by now, which is then read on where the file itself was. */
  async #findCopies(tail: FileTail, lost: LostContents): Promise<void> {
    this.#copies.remember(lost)
    this.#truncated.set(tail, lost)
    // One that is under way may have passed the copy by before it was known for one.
    await this.#scanning
    await this.scan()
    this.#truncated.delete(tail)
    this.#putAfterOlder(tail, [...this.#byPath.keys()])
  }

  /** A copy is read to its end before the file goes on that was truncated. */
  #linkCopies(): void {
    for (const [tail, lost] of this.#truncated)
      for (const other of this.#tails.values()) {
        if (other === tail || !this.#copies.isCopyOf(other, lost)) continue
        other.retire('renamed')
        tail.after.add(other)
      }
  }

  /** Forgets the files that are gone and delivered; closes some when many are open. */
  async #letGo(byId: ReadonlyMap<string, FoundFile>): Promise<void> {
    const { store, flow } = this.#context
    // One that was renamed while the directory was read is seen under no name, and is there all the same: it takes two scans.
    const missed = this.#missed
    this.#missed = new Set([...this.#tails.values()].filter(({ id }) => !byId.has(id)))
    for (const tail of this.#missed) {
      if (!tail.isDone || !missed.has(tail)) continue
      this.#tails.delete(tail.id)
      this.#copies.remember(tail.contents())
      await tail.close()
      await store.forget(flow.id, tail.id)
    }
    const open = [...this.#tails.values()].filter(({ isOpen }) => isOpen)
    if (open.length <= openFilesMax) return
    open.sort((a, b) => a.grewAtMs - b.grewAtMs)
    for (const tail of open.slice(0, open.length - openFilesMax)) if (tail.isAtEnd) await tail.close()
  }

  #hint(path: string | undefined, hint: DirectoryHint): void {
    const nowMs = this.#context.clock.monotonicMs()
    const tail = path === undefined ? undefined : this.#byPath.get(path)
    tail?.hint(nowMs)
    if (hint.isAboutNames || !tail)
      this.#nextScanMs = Math.min(this.#nextScanMs, Math.max(nowMs, this.#lastScanMs + hintedScanMs))
    this.#wake()
  }

  readonly #unreadable = new Set<string>()

  #tellUnreadable(path: string, error: Error): void {
    if (this.#unreadable.has(path)) return
    if (this.#unreadable.size < 1000) this.#unreadable.add(path)
    this.#context.logger.log('warn', `${path} cannot be read; trying again: ${error.message}`)
  }
}

/** A pattern is below the working directory, unless it begins with a slash; `resolve` would drop a backslash's meaning. */
function resolvePattern(pattern: string): string {
  return pattern.startsWith('/') ? pattern : `${resolve('.')}/${pattern}`
}
