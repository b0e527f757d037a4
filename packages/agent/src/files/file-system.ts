import { watch as watchDirectory } from 'node:fs'
import * as fs from 'node:fs/promises'

/** What the agent asks of the disk, and no more: so that tests can take files away and make reads fail. */
export interface FileSystem {
  /** Of the file that a path, through symbolic links, leads to. @throws ENOENT, EACCES */
  stat(path: string): Promise<FileStat>
  /** What is in a directory, in no order. @throws ENOENT, ENOTDIR, EACCES */
  list(path: string): Promise<readonly DirectoryEntry[]>
  /** Opens for reading. @throws ENOENT, EACCES, EMFILE */
  open(path: string): Promise<OpenFile>
  /** Hints at what changes in a directory, not all of it. Returns its end. @throws ENOENT, ENOSPC */
  watch(path: string, onHint: (hint: DirectoryHint) => void): () => void
}

export interface OpenFile {
  stat(): Promise<FileStat>
  /** Fills `into` from a position on, as far as there is something; resolves with how many bytes. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

export type FileStat = {
  /** Device and inode: the same for as long as the file lives, whatever it is called. */
  readonly id: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** Names that the file has; none once it is deleted. */
  readonly links: number
  readonly isFile: boolean
}

/** A file may have grown, or names may have come, gone or moved; `name` is missing where the system does not tell it. */
export type DirectoryHint = { readonly name: string | undefined; readonly isAboutNames: boolean }

export type DirectoryEntry = { readonly name: string; readonly mayBeDirectory: boolean }

export const nodeFileSystem: FileSystem = {
  stat: async (path) => statOf(await fs.stat(path, { bigint: true })),
  async list(path) {
    const entries = await fs.readdir(path, { withFileTypes: true })
    return entries.map((entry) => ({
      name: entry.name,
      mayBeDirectory: entry.isDirectory() || entry.isSymbolicLink() || !(entry.isFile() || entry.isFIFO()),
    }))
  },
  async open(path) {
    const handle = await fs.open(path, 'r')
    return {
      stat: async () => statOf(await handle.stat({ bigint: true })),
      read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
      close: () => handle.close(),
    }
  },
  watch(path, onHint) {
    const watcher = watchDirectory(path, { persistent: false }, (event, name) =>
      onHint({ name: name ?? undefined, isAboutNames: event === 'rename' }),
    )
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  },
}

type BigStat = Awaited<ReturnType<typeof bigStat>>
const bigStat = (path: string) => fs.stat(path, { bigint: true })

function statOf(stat: BigStat): FileStat {
  return {
    id: `${stat.dev}:${stat.ino}`,
    sizeBytes: Number(stat.size),
    modifiedMs: Number(stat.mtimeMs),
    links: Number(stat.nlink),
    isFile: stat.isFile(),
  }
}
