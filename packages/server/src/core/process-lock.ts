import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'

/*
 * A lock that ends with the process that holds it: a file with the process's id, and what tells it from a later
 * process of the same id. After kill -9 the file stays, and the next one sees that its holder is gone.
 */

/** Tells apart the attempts of one process. */
let attempts = 0

type Holder = { readonly pid: number; readonly started: string }

export type Lock = {
  readonly release: () => Promise<void>
  /** False when the file is gone, or another process's: somebody took the folder away, or put another in its place. */
  readonly isHeld: () => Promise<boolean>
}

/** Takes the lock, or says who has it. @throws what the system says when the file can be neither made nor read */
export async function lockFile(path: string): Promise<Lock | { heldByPid: number }> {
  const own: Holder = { pid: process.pid, started: (await startOf(process.pid)) ?? '' }
  const attempt = ++attempts
  const text = JSON.stringify({ ...own, attempt })
  const temporary = `${path}.${process.pid}.${attempt}`
  await writeFile(temporary, text, { mode: 0o600 })
  try {
    for (;;) {
      try {
        await link(temporary, path) // a link appears whole, or fails because the name is taken
        const isHeld = async () => (await readFile(path, 'utf8').catch(ignoreMissing)) === text
        return { release: () => releaseIfOwn(path, text), isHeld }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const held = await readFile(path, 'utf8')
        .catch(ignoreMissing)
        .catch((error: Error) => {
          throw new Error(`${path} cannot be read: ${error.message}`)
        })
      if (held === undefined) continue // it was let go meanwhile
      const holder = parseHolder(held)
      if (holder && (await isAlive(holder))) return { heldByPid: holder.pid }
      await removeStale(path, held, `${temporary}.stale`)
    }
  } finally {
    await unlink(temporary).catch(() => {})
  }
}

/** The living process that holds a lock; undefined if there is none. Changes nothing. */
export async function holderOf(path: string): Promise<number | undefined> {
  const holder = parseHolder(await readFile(path, 'utf8').catch(() => ''))
  return holder && (await isAlive(holder)) ? holder.pid : undefined
}

/** Moves the dead one's lock away; if another process has taken it over meanwhile, puts that one back. */
async function removeStale(path: string, staleText: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) !== staleText) await link(aside, path).catch(() => {})
  await unlink(aside)
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

async function releaseIfOwn(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) === text) await unlink(path)
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Holder
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, started: String(started) } : undefined
  } catch {
    return undefined
  }
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = await startOf(pid)
  return now === undefined || started === '' || now === started
}

/** When a process began, in ticks after which boot; undefined where there is no /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    // the name in parentheses may hold spaces; the start is the 20th field after it
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return undefined
  }
}
