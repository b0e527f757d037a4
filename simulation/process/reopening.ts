import { join } from 'node:path'
import { ServerProcess, temporaryFolder } from './server-process.ts'

/** From spawning the process to its ready line, after whatever crash, in milliseconds. */
export const reopenMsMax = 2000

/** So often it is seen what a start takes that has nothing to reopen. */
const emptyStarts = 3

/**
 * How long a server took to be ready. When it seems too long, what it waited for a processor is taken off, and if it still
 * does, what a server takes at this moment that has nothing to reopen, at most: how busy the machine and its disk are
 * otherwise is not the storage's.
 */
export async function reopenMs({ readyMs, readyOwnMs }: ServerProcess): Promise<number> {
  if (readyMs <= reopenMsMax) return readyMs
  if (readyOwnMs <= reopenMsMax) return readyOwnMs
  const folder = temporaryFolder()
  let emptyMs = 0
  for (let i = 0; i < emptyStarts; i++) {
    const empty = await ServerProcess.start({ data: join(folder.path, String(i)), entry: 'bin' })
    await empty.stop()
    emptyMs = Math.max(emptyMs, empty.readyOwnMs)
  }
  folder.remove()
  return Math.max(0, readyOwnMs - emptyMs)
}
