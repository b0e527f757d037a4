import type { Lock } from '../packages/server/src/core/process-lock.ts'
import type { File, FileSystem } from '../packages/server/src/storage/embedded/file-system.ts'
import { type NameChange, SimulatedDirectory, SimulatedFile } from './disk-nodes.ts'
import { afterPowerLoss } from './power-loss.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A call that changes the disk: each is a moment at which a crash can come, and a call that can fail. */
export type DiskCall =
  | 'create'
  | 'append'
  | 'writeAhead'
  | 'truncate'
  | 'dataSync'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'makeDirectory'

/** How a machine stops: the power goes, or only the process (then the system still has what was not synced). */
export type Crash = 'power' | 'process'

/**
 * A disk in memory that knows what a power loss may take. Nothing on it waits for real time: a call takes some turns of
 * the microtask queue.
 */
export class SimulatedDisk implements FileSystem {
  /** Told after each part of a call that changed something. */
  onChange: ((call: DiskCall, path: string) => void) | undefined
  /** Told of all that is to be written, whether it comes to the disk or not. */
  onAppend: ((path: string, parts: readonly Uint8Array[]) => void) | undefined
  /** How many turns a call takes. */
  turns: ((call: DiskCall) => number) | undefined
  /** Resolves when the disk stops answering. */
  readonly stopped: Promise<void>
  readonly #root: SimulatedDirectory
  readonly #directories = new Map<string, SimulatedDirectory>()
  readonly #random: SeededRandom
  readonly #stop: () => void
  #isStopped = false
  #changesLeft = Number.POSITIVE_INFINITY
  #failing: { callsBefore: number; callsLeft: number; readonly code: string; hasFailed: boolean } | undefined

  constructor(random: SeededRandom, root = new SimulatedDirectory()) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.stopped = promise
    this.#stop = resolve
    this.#random = random
    this.#root = root
    this.#collect('', root)
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Stops answering after so many changes more; 0 stops at once. Calls that are under way never come back. */
  stopAfter(changes: number): void {
    this.#changesLeft = changes
    if (changes === 0) this.#end()
  }

  /** After so many calls that change something lets some fail. Returns how to ask whether one has, and to end it. */
  failAfter(callsBefore: number, calls: number, code: string): { hasFailed(): boolean; end(): void } {
    const failing = { callsBefore, callsLeft: calls, code, hasFailed: false }
    this.#failing = failing
    return {
      hasFailed: () => failing.hasFailed,
      end: () => {
        if (this.#failing === failing) this.#failing = undefined
      },
    }
  }

  /** The disk as it is now, with what is not synced: as another process finds it. */
  copy(random: SeededRandom): SimulatedDisk {
    return new SimulatedDisk(random, this.#root.copy())
  }

  /** A disk as the crash leaves it. This one stays as it is, so that many can be made of it. */
  after(crash: Crash, random: SeededRandom): SimulatedDisk {
    return crash === 'process' ? this.copy(random) : new SimulatedDisk(random, afterPowerLoss(this.#root, random))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#change('makeDirectory', path, () => {
      const [above, name] = this.#locate(path)
      if (this.#directories.has(path)) return
      const directory = new SimulatedDirectory()
      above.change({ set: name, node: directory })
      this.#directories.set(path, directory)
    })
  }

  async list(path: string): Promise<string[]> {
    await this.#answering()
    return [...this.#directory(path).names.keys()]
  }

  async open(path: string, mode: 'read' | 'append' | 'create'): Promise<File> {
    const [directory, name] = this.#locate(path)
    if (mode !== 'create') {
      await this.#answering()
      const file = directory.names.get(name)
      if (!(file instanceof SimulatedFile)) throw failure('ENOENT', 'open', path)
      return this.#opened(file, path)
    }
    const file = new SimulatedFile()
    await this.#change('create', path, () => {
      if (directory.names.has(name)) throw failure('EEXIST', 'open', path)
      directory.change({ set: name, node: file })
    })
    return this.#opened(file, path)
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change('rename', to, () => {
      const [directory, clear] = this.#locate(from)
      const [target, set] = this.#locate(to)
      const node = directory.names.get(clear)
      if (!node) throw failure('ENOENT', 'rename', from)
      if (target !== directory) throw failure('EXDEV', 'rename', to)
      if (clear !== set) directory.change({ clear, set, node })
    })
  }

  remove(path: string): Promise<void> {
    return this.#change('remove', path, () => {
      const [directory, clear] = this.#locate(path)
      if (!directory.names.has(clear)) throw failure('ENOENT', 'unlink', path)
      directory.change({ clear } satisfies NameChange)
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#change('syncDirectory', path, () => this.#directory(path).sync())
  }

  async lock(): Promise<Lock> {
    return { release: async () => {}, isHeld: async () => true }
  }

  #opened(file: SimulatedFile, path: string): File {
    let end: number | undefined // where it ends when it is first written to
    return {
      append: async (parts) => {
        this.onAppend?.(path, parts)
        end ??= file.length
        await this.#write('append', file, path, parts, end, (to) => {
          end = to
        })
      },
      writeAhead: async (parts) => {
        end ??= file.length
        await this.#write('writeAhead', file, path, parts, end)
        return parts.reduce((sum, part) => sum + part.byteLength, 0)
      },
      read: async (into, position) => {
        await this.#answering()
        const found = file.bytes.subarray(position, Math.min(file.length, position + into.byteLength))
        into.set(found)
        return found.byteLength
      },
      dataSync: () =>
        this.#change(
          'dataSync',
          path,
          () => file.sync(),
          () => file.failSync(),
        ),
      size: async () => {
        await this.#answering()
        return file.length
      },
      truncate: (length) => this.#change('truncate', path, () => file.cut(length)),
      close: () => this.#answering(),
    }
  }

  /** A write is seen half done by who crashes in it, and leaves a part when it fails. */
  #write(
    call: 'append' | 'writeAhead',
    file: SimulatedFile,
    path: string,
    parts: readonly Uint8Array[],
    from: number,
    wroteTo: (end: number) => void = () => {},
  ): Promise<void> {
    let length = 0
    for (const part of parts) length += part.byteLength
    const split = this.#random.below(length + 1)
    const writeFirst = () => wroteTo(file.write(firstBytes(parts, split), from))
    return this.#change(
      call,
      path,
      () => {
        if (split > 0 && split < length) {
          writeFirst()
          this.#changed(call, path)
          if (!this.#isStopped) wroteTo(file.write(bytesAfter(parts, split), from + split))
        } else wroteTo(file.write(parts, from))
      },
      writeFirst,
    )
  }

  /** Does `effect`, or `failed` and throws when it is this call's turn to fail. */
  async #change(call: DiskCall, path: string, effect: () => void, failed?: () => void): Promise<void> {
    const turns = this.turns?.(call) ?? 0
    for (let turn = turns >> 1; turn > 0; turn--) await undefined
    await this.#answering()
    const failing = this.#failing
    if (failing && failing.callsLeft > 0 && --failing.callsBefore < 0) {
      failing.callsLeft--
      failing.hasFailed = true
      failed?.()
      this.#changed(call, path)
      await this.#answering()
      throw failure(failing.code, call, path)
    }
    effect()
    if (!this.#isStopped) this.#changed(call, path)
    for (let turn = turns - (turns >> 1); turn > 0; turn--) await undefined
    await this.#answering()
  }

  #changed(call: DiskCall, path: string): void {
    this.onChange?.(call, path)
    if (--this.#changesLeft <= 0) this.#end()
  }

  #end(): void {
    this.#isStopped = true
    this.onChange = undefined
    this.#stop()
  }

  /** Never resolves once the disk has stopped: whoever asked is gone. */
  #answering(): Promise<void> {
    return this.#isStopped ? new Promise(() => {}) : answered
  }

  #locate(path: string): [SimulatedDirectory, string] {
    const slash = path.lastIndexOf('/')
    return [this.#directory(path.slice(0, slash)), path.slice(slash + 1)]
  }

  #directory(path: string): SimulatedDirectory {
    const directory = this.#directories.get(path === '/' ? '' : path)
    if (!directory) throw failure('ENOENT', 'directory', path)
    return directory
  }

  #collect(path: string, directory: SimulatedDirectory): void {
    this.#directories.set(path, directory)
    for (const [name, node] of directory.names)
      if (node instanceof SimulatedDirectory) this.#collect(`${path}/${name}`, node)
  }
}

const answered = Promise.resolve()

/** Without a stack: the engine expects most of them, and a stack costs more than the call. */
function failure(code: string, call: string, path: string): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = Object.assign(new Error(`${code}: simulated, ${call} ${path}`), { code })
  Error.stackTraceLimit = limit
  return error
}

function firstBytes(parts: readonly Uint8Array[], length: number): Uint8Array[] {
  const first: Uint8Array[] = []
  let left = length
  for (const part of parts) {
    first.push(part.subarray(0, left))
    left -= Math.min(left, part.byteLength)
  }
  return first
}

function bytesAfter(parts: readonly Uint8Array[], length: number): Uint8Array[] {
  const after: Uint8Array[] = []
  let skipped = length
  for (const part of parts) {
    after.push(part.subarray(Math.min(skipped, part.byteLength)))
    skipped -= Math.min(skipped, part.byteLength)
  }
  return after
}
