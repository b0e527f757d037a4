import { type Clock, systemClock } from '@millrace/ports'

/** A clock that starts at some moment and runs so many times as fast as the machine's: a minute passes in seconds. */
export function fastClock(startMs: number, speed: number): Clock {
  const startedMs = systemClock.monotonicMs()
  const passedMs = () => (systemClock.monotonicMs() - startedMs) * speed
  return {
    nowMs: () => Math.floor(startMs + passedMs()),
    monotonicMs: passedMs,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    after: (ms, callback) => systemClock.after(ms / speed, callback),
  }
}
