import { readFileSync } from 'node:fs'

/**
 * How long a process, by its main thread, was ready to run while others had the processors: since its start, in milliseconds,
 * from the system's own books (`/proc/PID/schedstat`: time on a processor, time waiting for one, both in ns). 0 where there
 * are none.
 */
export function processorWaitMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** Milliseconds from now on, without those in which a server, or whoever asks it here, waits for a processor. */
export function stopwatch(server: { processorWaitMs(): number }): () => number {
  const waitMs = () => server.processorWaitMs() + processorWaitMs(process.pid)
  const [startMs, waitedMs] = [performance.now(), waitMs()]
  return () => Math.max(0, performance.now() - startMs - (waitMs() - waitedMs))
}
