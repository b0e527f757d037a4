import type { FileSystem } from './file-system.ts'

/**
 * A file system that closes files which are kept open only to be quick, when the process has no handle left for
 * another, and tries again. `closeIdle` says whether there were any.
 */
export function sparingFileSystem(fileSystem: FileSystem, closeIdle: () => Promise<boolean>): FileSystem {
  return {
    makeDirectory: (path) => fileSystem.makeDirectory(path),
    list: (path) => fileSystem.list(path),
    async open(path, mode) {
      try {
        return await fileSystem.open(path, mode)
      } catch (error) {
        if (!isOutOfHandles(error) || !(await closeIdle())) throw error
        return fileSystem.open(path, mode)
      }
    },
    rename: (from, to) => fileSystem.rename(from, to),
    remove: (path) => fileSystem.remove(path),
    syncDirectory: (path) => fileSystem.syncDirectory(path),
    lock: (path) => fileSystem.lock(path),
  }
}

function isOutOfHandles(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EMFILE' || code === 'ENFILE'
}
