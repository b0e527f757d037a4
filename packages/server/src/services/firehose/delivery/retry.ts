import { fractionOf, type Random } from '@millrace/ports'

/** From one second on twice as long each time, up to two minutes, 15 % more or less [docs: HTTP endpoint destinations]. */
const delayMsMin = 1000
const delayMsMax = 120_000
const jitter = 0.15

export function retryDelayMs(attempt: number, random: Random): number {
  const delayMs = Math.min(delayMsMin * 2 ** Math.min(attempt, 20), delayMsMax)
  return delayMs * (1 - jitter + 2 * jitter * fractionOf(random))
}

/**
 * How long to wait before another try; undefined if no time is left for one. The last try is at the end of the time.
 *
 * @param everyMs the same each time. @default longer and longer
 */
export function nextDelayMs(attempt: number, leftMs: number, random: Random, everyMs?: number): number | undefined {
  return leftMs < leftMsMin ? undefined : Math.min(everyMs ?? retryDelayMs(attempt, random), leftMs)
}

/** Timers may ring a little early: less than this is nothing. */
const leftMsMin = 1
