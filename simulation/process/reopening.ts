import { join } from 'node:path'
import { ServerProcess, temporaryFolder } from './server-process.ts'

/** From spawning the process to its ready line, after whatever crash, in milliseconds. */
export const reopenMsMax = 2000

/**
 * How long a server took to be ready. When it seems too long, what a server takes at this moment that has nothing to
 * reopen is taken off: how busy the machine is otherwise is not the storage's.
 */
export async function reopenMs({ readyMs }: ServerProcess): Promise<number> {
  if (readyMs <= reopenMsMax) return readyMs
  const folder = temporaryFolder()
  const empty = await ServerProcess.start({ data: join(folder.path, 'empty'), entry: 'bin' })
  await empty.stop()
  folder.remove()
  return Math.max(0, readyMs - empty.readyMs)
}
