import type { Clock, Logger, LogLevel } from '@millrace/ports'

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** One JSON object for each line: `{"time":"…","level":"info","message":"…",…facts}`. Below `least` nothing is written. */
export function jsonLogger(write: (line: string) => void, clock: Clock, least: LogLevel = 'info'): Logger {
  return {
    log(level, message, facts) {
      if (order.indexOf(level) < order.indexOf(least)) return
      const time = new Date(clock.nowMs()).toISOString()
      write(`${JSON.stringify({ time, level, message, ...facts }, errorsAsText)}\n`)
    },
  }
}

const errorsAsText = (_name: string, value: unknown) =>
  value instanceof Error ? (value.stack ?? value.message) : value
