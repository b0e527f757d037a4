export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One line for each event, as JSON: the sentence, and facts beside it. */
export interface Logger {
  log(level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>): void
}

export const silentLogger: Logger = { log() {} }
