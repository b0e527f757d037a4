/** What the agent has done since it began, over all flows. */
export type Counts = {
  /** Records read from files: lines, or what the start pattern makes of them. */
  read: number
  readBytes: number
  /** Records that a service acknowledged. */
  sent: number
  sentBytes: number
  /** Records that a conversion left out, as it must. */
  skipped: number
  /** Records longer than the service takes. */
  truncated: number
  /** Refused records and failed calls; all of them are tried again. */
  errors: number
}

export const noCounts = (): Counts => ({
  read: 0,
  readBytes: 0,
  sent: 0,
  sentBytes: 0,
  skipped: 0,
  truncated: 0,
  errors: 0,
})
