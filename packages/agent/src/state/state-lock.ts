import { readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { makeFolderOf } from './state-folder.ts'

/**
 * Takes the state for this process alone. A lock that a dead process left behind is taken over. Returns its release.
 * @throws Error naming the process that has it
 */
export function lockState(path: string): () => void {
  const lock = `${path}.lock`
  makeFolderOf(path)
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      return () => unlinkSync(lock)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const pid = holderOf(lock)
      if (pid !== undefined && pid !== process.pid && isAlive(pid))
        throw new Error(`${path} is in use by process ${pid}; give this agent another --state`)
      unlinkSync(lock)
    }
  }
  throw new Error(`${lock} comes back whenever it is removed`)
}

function holderOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
