import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolderOf } from './state-folder.ts'

/** Where checkpoints are kept: a file that is added to, and now and then replaced as a whole. */
export interface StateFile {
  /** All of it; undefined if there is none. @throws Error naming the file */
  read(): Promise<Buffer | undefined>
  /** Replaces the contents: after a crash there are the old ones or the new ones. */
  replace(contents: Uint8Array): Promise<void>
  /** Adds at the end. What was added survives the end of this process, and once synced that of the machine. */
  append(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  /** Puts aside what cannot be understood, and returns where it is now. */
  setAside(): Promise<string>
  close(): Promise<void>
}

export function nodeStateFile(path: string, nowMs: () => number): StateFile {
  let handle: fs.FileHandle | undefined
  const close = async () => {
    const open = handle
    handle = undefined
    await open?.close()
  }
  return {
    async read() {
      return fs.readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new Error(`${path} cannot be read (${error.message}); give this agent another --state`)
      })
    },
    async replace(contents) {
      makeFolderOf(path)
      const temporary = `${path}.new`
      const file = await fs.open(temporary, 'w', 0o600)
      try {
        await file.writeFile(contents)
        await file.datasync()
      } finally {
        await file.close()
      }
      await close()
      await fs.rename(temporary, path)
      await syncDirectory(dirname(path))
    },
    async append(bytes) {
      handle ??= await fs.open(path, 'a', 0o600)
      await handle.appendFile(bytes)
    },
    sync: async () => handle?.datasync(),
    async setAside() {
      const aside = `${path}.corrupt-${nowMs()}`
      await close()
      await fs.rename(path, aside)
      return aside
    },
    close,
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // Windows cannot, and need not: its file systems journal names
  const directory = await fs.open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
