import type { Clock, Logger } from '@millrace/ports'
import type { File, FileSystem } from './file-system.ts'

/*
 * A file can be written to and synced long after somebody deleted its folder, moved it away, or put another in its
 * place: the system says that all is well, and the bytes are nowhere when the process ends. So the lock file is looked
 * at before a write when it was not for a while, and before each file that is made, renamed or removed. While it is not
 * this process's own, nothing is written, and nothing acknowledged.
 */

/** For so long one look will do: what is written meanwhile into a folder that is gone is acknowledged. */
export const lookAgainMs = 1000

export class FolderGuard {
  readonly #directory: string
  readonly #isHeld: () => Promise<boolean>
  readonly #clock: Clock
  readonly #logger: Logger
  #isTaken = false
  #lookedAtMs = Number.NEGATIVE_INFINITY

  /** `isHeld` is the lock's. */
  constructor(directory: string, isHeld: () => Promise<boolean>, clock: Clock, logger: Logger) {
    this.#directory = directory
    this.#isHeld = isHeld
    this.#clock = clock
    this.#logger = logger
  }

  /** A file system whose changes fail while the folder is not this process's. */
  guard(fileSystem: FileSystem): FileSystem {
    const look = () => this.#look()
    const guardedFile = (file: File) => this.#guardedFile(file)
    return {
      makeDirectory: (path) => fileSystem.makeDirectory(path),
      list: (path) => fileSystem.list(path),
      async open(path, mode) {
        if (mode === 'read') return fileSystem.open(path, mode)
        await look()
        return guardedFile(await fileSystem.open(path, mode))
      },
      async rename(from, to) {
        await look()
        await fileSystem.rename(from, to)
      },
      async remove(path) {
        await look()
        await fileSystem.remove(path)
      },
      syncDirectory: (path) => fileSystem.syncDirectory(path),
      lock: (path) => fileSystem.lock(path),
    }
  }

  #guardedFile(file: File): File {
    const { writeAhead, truncate } = file
    return {
      append: async (parts) => {
        if (this.#isTaken || this.#clock.monotonicMs() - this.#lookedAtMs >= lookAgainMs) await this.#look()
        await file.append(parts)
      },
      ...(writeAhead && { writeAhead: (parts) => writeAhead(parts) }),
      read: (into, position) => file.read(into, position),
      dataSync: () => file.dataSync(),
      size: () => file.size(),
      ...(truncate && { truncate: (length) => truncate(length) }),
      close: () => file.close(),
    }
  }

  /** Tells when it is another's than it was. @throws Error while the folder is not this process's */
  async #look(): Promise<void> {
    this.#lookedAtMs = this.#clock.monotonicMs()
    const isHeld = await this.#isHeld().catch(() => !this.#isTaken) // no handle is left, …: who knows
    const wasTaken = this.#isTaken
    this.#isTaken = !isHeld
    const facts = { folder: this.#directory }
    if (wasTaken && isHeld) this.#logger.log('warn', 'the data folder is back, and written to again', facts)
    if (isHeld) return
    const refusal = `data folder ${this.#directory} was deleted, moved away or replaced under this server: nothing is written until it is back`
    if (!wasTaken) this.#logger.log('error', refusal, facts)
    throw new Error(refusal)
  }
}
