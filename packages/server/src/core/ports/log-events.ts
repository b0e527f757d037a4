/** One event of a log, as CloudWatch Logs keeps them. */
export type LogEvent = {
  /** Milliseconds since 1970. */
  readonly timestampMs: number
  readonly message: string
}

/** Where services put what AWS would put into CloudWatch Logs. */
export interface LogEvents {
  /** Never waits and never fails: what finds no room is left out, and told of there. */
  put(logGroup: string, logStream: string, event: LogEvent): void
}
