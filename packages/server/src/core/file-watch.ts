import { stat } from 'node:fs/promises'
import type { Clock } from '@millrace/ports'

/** How long a change may go unseen, in milliseconds. */
export const lookEveryMs = 2000

/**
 * Calls back after each change of any of these files, until what it returns is called. They are looked at rather than
 * listened to: what replaces a file by renaming, or turns a link elsewhere (as Kubernetes does with secrets), is seen too. A
 * file that is gone for a moment is a change like another. Begin before the first reading, so that nothing falls between.
 */
export function watchFiles(paths: readonly string[], clock: Clock, changed: () => Promise<void> | void): () => void {
  const over = new AbortController()
  const watch = async () => {
    let seen = await stampOf(paths)
    while (!over.signal.aborted) {
      await clock.sleep(lookEveryMs, over.signal)
      if (over.signal.aborted) return
      const stamp = await stampOf(paths)
      if (stamp === seen) continue
      seen = stamp
      await changed()
    }
  }
  void watch()
  return () => over.abort()
}

/** Another text for each other state of the files. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const each = paths.map(async (path) => {
    const found = await stat(path).catch(() => undefined)
    return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : 'none'
  })
  return (await Promise.all(each)).join('\n')
}
