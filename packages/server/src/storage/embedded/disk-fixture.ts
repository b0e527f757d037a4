import type { File, FileSystem } from './file-system.ts'

export type DiskCall =
  | 'create'
  | 'open'
  | 'append'
  | 'writeAhead'
  | 'read'
  | 'dataSync'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'truncate'

type StoredFile = { bytes: Uint8Array; length: number; hasFailedSync: boolean }

/** A disk in memory whose calls fail when a test says so. A write that fails has written half, or what there was room for. */
export class FaultyMemoryDisk implements FileSystem {
  /** The code that a call fails with; undefined lets it go through. */
  fails: (call: DiskCall, path: string) => string | undefined = () => undefined
  /** What dataSync waits for before it does anything. */
  syncGate: Promise<void> | undefined
  /** Room for all files together. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Files that may be open at one time. */
  openFilesMax = Number.POSITIVE_INFINITY
  readonly openFiles: string[] = []
  /** What was done to a file whose sync had failed: nothing may be. */
  readonly touchedAfterFailedSync: string[] = []
  readonly files: Map<string, StoredFile>
  readonly #calls = new Map<DiskCall, number>()

  constructor(files = new Map<string, StoredFile>()) {
    this.files = files
  }

  /** The disk as it is now, without its faults: as the next process finds it when this one is killed. */
  copy(): FaultyMemoryDisk {
    const files = new Map<string, StoredFile>()
    for (const [path, { bytes, length }] of this.files)
      files.set(path, { bytes: bytes.slice(0, length), length, hasFailedSync: false })
    return new FaultyMemoryDisk(files)
  }

  get usedBytes(): number {
    let used = 0
    for (const { length } of this.files.values()) used += length
    return used
  }

  count(call: DiskCall): number {
    return this.#calls.get(call) ?? 0
  }

  contents(path: string): Uint8Array {
    const { bytes, length } = this.#file(path)
    return bytes.subarray(0, length)
  }

  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, { bytes, length: bytes.byteLength, hasFailedSync: false })
  }

  names(directory: string, ending = ''): string[] {
    const prefix = `${directory}/`
    const within = [...this.files.keys()].filter((path) => path.startsWith(prefix) && path.endsWith(ending))
    return [...new Set(within.map((path) => path.slice(prefix.length).split('/')[0]!))].sort()
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    return this.names(path)
  }

  async open(path: string, mode: 'read' | 'append' | 'create'): Promise<File> {
    if (this.openFiles.length >= this.openFilesMax) throw failure('EMFILE', 'open', path)
    this.#call(mode === 'create' ? 'create' : 'open', path)
    if (mode === 'create') {
      if (this.files.has(path)) throw failure('EEXIST', 'open', path)
      this.put(path, new Uint8Array(0))
    }
    const file = this.#file(path)
    this.openFiles.push(path)
    return this.#opened(file, path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call('rename', to)
    this.files.set(to, this.#file(from))
    this.files.delete(from)
  }

  async remove(path: string): Promise<void> {
    this.#file(path)
    this.#call('remove', path)
    this.files.delete(path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call('syncDirectory', path)
  }

  async lock() {
    return { release: async () => {}, isHeld: async () => true }
  }

  #opened(file: StoredFile, path: string): File {
    let isOpen = true
    let end: number | undefined
    const write = (call: 'append' | 'writeAhead', parts: readonly Uint8Array[]) => {
      this.#watch(file, call, path)
      end ??= file.length
      const bytes = Buffer.concat(parts)
      const failed = this.#failed(call, path)
      const room = Math.max(0, this.bytesMax - this.usedBytes) + file.length - end
      const written = failed ? bytes.byteLength >> 1 : Math.min(bytes.byteLength, room)
      put(file, end, bytes.subarray(0, written))
      if (failed) throw failed
      return written
    }
    return {
      append: async (parts) => {
        const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
        const written = write('append', parts)
        end! += written
        if (written < length) throw failure('ENOSPC', 'append', path)
      },
      writeAhead: async (parts) => write('writeAhead', parts),
      read: async (into, position) => {
        this.#call('read', path)
        const found = file.bytes.subarray(position, Math.min(file.length, position + into.byteLength))
        into.set(found)
        return found.byteLength
      },
      dataSync: async () => {
        this.#watch(file, 'dataSync', path)
        await this.syncGate
        const failed = this.#failed('dataSync', path)
        if (!failed) return
        file.hasFailedSync = true
        throw failed
      },
      size: async () => file.length,
      truncate: async (length) => {
        this.#watch(file, 'truncate', path)
        this.#call('truncate', path)
        file.length = Math.min(file.length, length)
      },
      close: async () => {
        if (isOpen) this.openFiles.splice(this.openFiles.indexOf(path), 1)
        isOpen = false
      },
    }
  }

  #watch(file: StoredFile, call: DiskCall, path: string): void {
    if (file.hasFailedSync) this.touchedAfterFailedSync.push(`${call} ${path}`)
  }

  #call(call: DiskCall, path: string): void {
    const failed = this.#failed(call, path)
    if (failed) throw failed
  }

  #failed(call: DiskCall, path: string): Error | undefined {
    this.#calls.set(call, this.count(call) + 1)
    const code = this.fails(call, path)
    return code === undefined ? undefined : failure(code, call, path)
  }

  #file(path: string): StoredFile {
    const file = this.files.get(path)
    if (!file) throw failure('ENOENT', 'open', path)
    return file
  }
}

function put(file: StoredFile, position: number, bytes: Uint8Array): void {
  const length = Math.max(file.length, position + bytes.byteLength)
  if (length > file.bytes.byteLength) {
    const larger = new Uint8Array(Math.max(256, 2 * length))
    larger.set(file.bytes.subarray(0, file.length))
    file.bytes = larger
  }
  file.bytes.set(bytes, position)
  file.length = length
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${call} ${path}`), { code })
}
