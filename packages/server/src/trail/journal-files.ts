import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'

/** A file that grows at its end. */
export interface JournalFile {
  append(bytes: Uint8Array): Promise<void>
  /** On the disk, not only in the system's memory. */
  sync(): Promise<void>
  /** Forgets what stands behind so many bytes. */
  truncate(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

/** The folder of the journal, as far as the trail needs one: a test has a disk that fails. */
export interface JournalFiles {
  /** Made if it is missing, readable by nobody else. */
  makeFolder(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** A new, empty file. */
  create(path: string): Promise<JournalFile>
  read(path: string): Promise<Buffer>
  rename(from: string, to: string): Promise<void>
  /** Also one that is not there. */
  remove(path: string): Promise<void>
}

export const nodeJournalFiles: JournalFiles = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  list: (path) => readdir(path),
  async create(path) {
    const handle = await open(path, 'w', 0o600)
    let sizeBytes = 0
    return {
      async append(bytes) {
        for (let at = 0; at < bytes.byteLength; ) {
          const { bytesWritten } = await handle.write(bytes, at, bytes.byteLength - at, sizeBytes + at)
          at += bytesWritten
        }
        sizeBytes += bytes.byteLength
      },
      sync: () => handle.datasync(),
      async truncate(size) {
        await handle.truncate(size)
        sizeBytes = size
      },
      close: () => handle.close(),
    }
  },
  read: (path) => readFile(path),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
}
