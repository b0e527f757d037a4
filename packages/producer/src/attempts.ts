import type { Attempt } from './put-errors.ts'

/** A record's attempts, the last one first: records that travel together share them, and adding one copies nothing. */
export type Attempts = { readonly attempt: Attempt; readonly before: Attempts | undefined; readonly count: number }

/** Of a record that is tried more often, the oldest attempts are forgotten. */
const attemptsMax = 1_000

export function withAttempt(before: Attempts | undefined, attempt: Attempt): Attempts {
  const kept = before && before.count < attemptsMax ? before : undefined
  return { attempt, before: kept, count: (kept?.count ?? 0) + 1 }
}

/** In the order in which they were made. */
export function listOf(attempts: Attempts | undefined): Attempt[] {
  const list: Attempt[] = []
  for (let link = attempts; link; link = link.before) list.push(link.attempt)
  return list.reverse()
}
