import type { File, FileSystem } from './file-system.ts'
import { nodeFileSystem } from './file-system.ts'

type Call = 'append' | 'dataSync' | 'syncDirectory' | 'rename' | 'create'

/** The machine's disk, but calls that `fails` names reject. An append that fails has written half of its bytes. */
export function faultyDisk(fails: (call: Call, path: string) => boolean): FileSystem {
  const check = (call: Call, path: string) => {
    if (fails(call, path)) throw Object.assign(new Error(`EIO: i/o error, ${call} ${path}`), { code: 'EIO' })
  }
  return {
    ...nodeFileSystem,
    async open(path, mode) {
      if (mode === 'create') check('create', path)
      return faultyFile(await nodeFileSystem.open(path, mode), path)
    },
    async rename(from, to) {
      check('rename', to)
      await nodeFileSystem.rename(from, to)
    },
    async syncDirectory(path) {
      check('syncDirectory', path)
      await nodeFileSystem.syncDirectory(path)
    },
  }

  function faultyFile(file: File, path: string): File {
    return {
      async append(parts) {
        try {
          check('append', path)
        } catch (error) {
          const bytes = Buffer.concat(parts)
          await file.append([bytes.subarray(0, bytes.byteLength >> 1)])
          throw error
        }
        await file.append(parts)
      },
      async writeAhead(parts) {
        check('append', path)
        return file.writeAhead!(parts)
      },
      async dataSync() {
        check('dataSync', path)
        await file.dataSync()
      },
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      truncate: (length) => file.truncate!(length),
      close: () => file.close(),
    }
  }
}
