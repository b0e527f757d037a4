import type { RunningServer } from './servers.ts'

/** Looks at a process's resident memory ten times a second, until it is asked for the most that there was, in bytes. */
export function watchMemory(server: RunningServer): { most(): number } {
  let most = server.residentBytes()
  const timer = setInterval(() => {
    most = Math.max(most, server.residentBytes())
  }, 100).unref()
  return {
    most() {
      clearInterval(timer)
      return most
    },
  }
}
