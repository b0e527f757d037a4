import { constants, promises as fs } from 'node:fs'
import { dirname } from 'node:path'
import { type Lock, lockFile } from '../../core/process-lock.ts'

/**
 * What the engine asks of a disk, and no more: so that a simulated one can stand in its place. Every call may fail with
 * what the system says (ENOSPC, EIO, …).
 */
export interface FileSystem {
  /** Makes a directory in one that is there, for the owner alone. Idempotent. @throws ENOENT */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory, in no order. */
  list(path: string): Promise<string[]>
  /** 'create' makes a file that must not be there yet; the others need it. @throws ENOENT, EEXIST */
  open(path: string, mode: 'read' | 'append' | 'create'): Promise<File>
  rename(from: string, to: string): Promise<void>
  /** @throws ENOENT */
  remove(path: string): Promise<void>
  /** Makes the names in a directory durable: what was created, renamed or removed there. */
  syncDirectory(path: string): Promise<void>
  /** Takes a lock that ends with this process, or says who holds it. */
  lock(path: string): Promise<Lock | { heldByPid: number }>
}

export interface File {
  /** Writes all of it at the end, or fails. */
  append(parts: readonly Uint8Array[]): Promise<void>
  /**
   * Writes behind the end what later appends of this opening go over: they begin where they would without it. Resolves
   * with how much there was room for. Only for the sake of speed: a disk may do without.
   */
  writeAhead?(parts: readonly Uint8Array[]): Promise<number>
  /** Fills `into` from a position on; resolves with how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Makes what was written durable (fdatasync). After a failure nothing may be believed of this file any more. */
  dataSync(): Promise<void>
  size(): Promise<number>
  /**
   * Gives back what is beyond a length, which is where appends go on, if any come. Only for the sake of room: nothing
   * relies on it, and a disk may do without.
   */
  truncate?(length: number): Promise<void>
  close(): Promise<void>
}

const flags = {
  read: constants.O_RDONLY,
  append: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
}

/** The machine's disk. */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    await fs.mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  },
  list: (path) => fs.readdir(path),
  open: async (path, mode) => nodeFile(await fs.open(path, flags[mode], 0o600)),
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.unlink(path),
  async syncDirectory(path) {
    if (process.platform === 'win32') return // Windows cannot, and need not: its file systems journal names
    const directory = await fs.open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  lock: lockFile,
}

/** The system takes at most so many buffers in one call (IOV_MAX). */
const partsMax = 1024

/**
 * One call writes at most so much. The system's cache takes memory in pieces as large as what a call brings; those of 2 MiB
 * are more often of memory that was never touched, which on a virtual machine the host has to find first: to write a KiB
 * then takes 3 µs of the processor, not 0.3.
 */
const writeBytesMax = 512 * 1024

function nodeFile(handle: fs.FileHandle): File {
  let end: number | undefined
  const sizeNow = async () => (await handle.stat()).size
  return {
    async append(parts) {
      end ??= await sizeNow()
      let left = parts
      while (left.length > 0) {
        const { bytesWritten } = await handle.writev(firstOf(left), end)
        end += bytesWritten
        left = afterBytes(left, bytesWritten) // a full disk takes a part, and says so at the next try
      }
    },
    async writeAhead(parts) {
      end ??= await sizeNow()
      return (await handle.writev(parts, end)).bytesWritten
    },
    async read(into, position) {
      let filled = 0
      while (filled < into.byteLength) {
        const { bytesRead } = await handle.read(into, filled, into.byteLength - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    dataSync: () => handle.datasync(),
    size: sizeNow,
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  }
}

/** As much of the parts as one call writes. */
function firstOf(parts: readonly Uint8Array[]): Uint8Array[] {
  const first: Uint8Array[] = []
  let room = writeBytesMax
  for (let i = 0; i < parts.length && i < partsMax && room > 0; i++) {
    first.push(parts[i]!.subarray(0, room))
    room -= first[i]!.byteLength
  }
  return first
}

/** What is left of the parts when so many bytes of them are written. */
function afterBytes(parts: readonly Uint8Array[], written: number): Uint8Array[] {
  let skipped = 0
  for (const [i, part] of parts.entries()) {
    if (skipped + part.byteLength > written) return [part.subarray(written - skipped), ...parts.slice(i + 1)]
    skipped += part.byteLength
  }
  return []
}

export const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** For `catch`: what is missing is undefined, any other error goes on. */
export function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

/**
 * Makes a directory and those above it, one by one, each name durable before the next. The name of the one above is
 * made durable, too: who made it may have crashed before it came to that.
 */
export async function makeDirectories(fileSystem: FileSystem, path: string): Promise<void> {
  const above = dirname(path)
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    if (!isMissing(error) || above === path) throw error
    await makeDirectories(fileSystem, above)
    await fileSystem.makeDirectory(path)
  }
  await fileSystem.syncDirectory(dirname(above)).catch(ignoreForeign)
  await fileSystem.syncDirectory(above).catch(ignoreForeign)
}

/** For `catch`: a directory that we may not open, or that cannot be synced, is somebody else's; other errors go on. */
function ignoreForeign(error: unknown): undefined {
  if (!['EACCES', 'EPERM', 'EINVAL', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
}

/** Reads a whole file. @throws ENOENT, EFBIG for one of more bytes */
export async function readWhole(
  fileSystem: FileSystem,
  path: string,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const file = await fileSystem.open(path, 'read')
  try {
    const sizeBytes = await file.size()
    if (sizeBytes > bytesMax)
      throw Object.assign(new Error(`${path} has ${sizeBytes} bytes, of ${bytesMax}`), { code: 'EFBIG' })
    const bytes = new Uint8Array(sizeBytes)
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}

/** Puts a file in place whole or not at all: written beside, made durable, renamed, and the name made durable. */
export async function replaceFile(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  parts: readonly Uint8Array[],
): Promise<void> {
  const path = `${directory}/${name}`
  const beside = `${path}.new`
  await fileSystem.remove(beside).catch(ignoreMissing)
  const file = await fileSystem.open(beside, 'create')
  try {
    await file.append(parts)
    await file.dataSync()
  } finally {
    await file.close()
  }
  await fileSystem.rename(beside, path)
  await fileSystem.syncDirectory(directory)
}
