import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '@millrace/ports'
import { type Lock, lockFile } from '../core/process-lock.ts'
import { emptyKeyring, type Keyring, KeyringError, parseKeyring } from './keyring.ts'

/** Where a keyring is kept. */
export interface KeyringPlace {
  /** As it is now: what a command changed meanwhile is seen. @throws KeyringError */
  read(): Promise<Keyring>
  /** Makes a change, whole or not at all, and durable; changes of several processes take turns. @throws KeyringError */
  change<T>(change: (ring: Keyring) => readonly [Keyring, T]): Promise<T>
}

/** One that ends with the process. */
export class MemoryKeyring implements KeyringPlace {
  #ring = emptyKeyring

  async read(): Promise<Keyring> {
    return this.#ring
  }

  async change<T>(change: (ring: Keyring) => readonly [Keyring, T]): Promise<T> {
    const [ring, result] = change(this.#ring)
    this.#ring = ring
    return result
  }
}

const lockPatienceMs = 5000
const lockPaceMs = 20

/**
 *   FILE         the keyring, mode 0600
 *   FILE.new     one that is being written
 *   FILE.lock    the process that changes it (core/process-lock.ts)
 */
export class KeyringFile implements KeyringPlace {
  readonly #path: string
  readonly #clock: Clock
  #known: { readonly stamp: string; readonly ring: Keyring } | undefined

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** Is there one? */
  exists(): Promise<boolean> {
    return stat(this.#path).then(
      () => true,
      () => false,
    )
  }

  async read(): Promise<Keyring> {
    const stamp = await this.#stamp()
    if (stamp === undefined) return emptyKeyring
    if (this.#known?.stamp === stamp) return this.#known.ring
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new KeyringError(`the keyring ${this.#path} cannot be read: ${error.code}`)
    })
    this.#known = { stamp, ring: this.#parsed(text) }
    return this.#known.ring
  }

  async change<T>(change: (ring: Keyring) => readonly [Keyring, T]): Promise<T> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const lock = await this.#lock()
    try {
      const [ring, result] = change(await this.read())
      await this.#write(`${JSON.stringify(ring, undefined, 2)}\n`)
      return result
    } finally {
      await lock.release()
    }
  }

  #parsed(text: string): Keyring {
    try {
      return parseKeyring(text)
    } catch (error) {
      throw new KeyringError(`the keyring ${this.#path} ${(error as Error).message}`)
    }
  }

  /** Another with each change of the file; undefined if there is none. @throws KeyringError if others may read it */
  async #stamp(): Promise<string | undefined> {
    const found = await stat(this.#path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw new KeyringError(`the keyring ${this.#path} cannot be read: ${error.code}`)
    })
    if (!found) return undefined
    if (process.platform !== 'win32' && (found.mode & 0o077n) !== 0n)
      throw new KeyringError(`the keyring ${this.#path} may be read by others: chmod 600 it`)
    return `${found.ino} ${found.size} ${found.mtimeNs}`
  }

  /** One that a process left which is gone, also after kill -9, holds nobody up. */
  async #lock(): Promise<Lock> {
    const path = `${this.#path}.lock`
    const untilMs = this.#clock.monotonicMs() + lockPatienceMs
    for (;;) {
      const lock = await lockFile(path)
      if ('release' in lock) return lock
      if (this.#clock.monotonicMs() >= untilMs)
        throw new KeyringError(`${path} says that process ${lock.heldByPid} is changing the keyring`)
      await this.#clock.sleep(lockPaceMs)
    }
  }

  /** Whole or not at all, also when the machine stops meanwhile. */
  async #write(text: string): Promise<void> {
    const draft = `${this.#path}.new`
    const file = await open(draft, 'w', 0o600)
    try {
      await file.chmod(0o600)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, this.#path)
    await syncFolder(dirname(this.#path))
  }
}

/** The name is durable, too. Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
