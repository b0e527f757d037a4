import { type Clock, fractionOf, type Random } from '@millrace/ports'

/** From one second on twice as long each time, up to two minutes, 15 % more or less [docs: HTTP endpoint destinations]. */
const delayMsMin = 1000
const delayMsMax = 120_000
const jitter = 0.15

export function retryDelayMs(attempt: number, random: Random): number {
  const delayMs = Math.min(delayMsMin * 2 ** Math.min(attempt, 20), delayMsMax)
  return delayMs * (1 - jitter + 2 * jitter * fractionOf(random))
}

/** Sleeps before a try; false if there is no time left for another, or the delivery stops. */
export async function mayRetry(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  attempt: number,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const delayMs = retryDelayMs(attempt, random)
  if (clock.monotonicMs() + delayMs > deadlineMs) return false
  await clock.sleep(delayMs, signal)
  return !signal.aborted
}
