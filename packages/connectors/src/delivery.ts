import type { Settings } from './connector-options.ts'
import { type Batch, type Entry, errorOf, type Failure, type Refusal } from './pipeline.ts'

/** The longest wait between two tries. */
const backoffMsMax = 30_000

/**
 * Emits a batch until each entry is delivered, or has been refused for the last time; gives back those. While the whole
 * destination is away it waits. Undefined when `signal` aborted first.
 */
export async function deliver<Out>(
  batch: Batch<Out>,
  // biome-ignore lint/suspicious/noExplicitAny: what models are is over by now
  settings: Settings<any, Out>,
  signal: AbortSignal,
): Promise<readonly Failure<Out>[] | undefined> {
  const { clock, emitter, logger, outageMs, retriesMax } = settings
  const failures: Failure<Out>[] = []
  const startedMs = clock.monotonicMs()
  let left: readonly Entry<Out>[] = batch.entries
  let retries = 0
  let outages = 0
  while (left.length > 0) {
    let refusals: readonly Refusal<Out>[]
    try {
      refusals = await emitter.emit({ ...batch, entries: left }, signal)
      outages = 0
    } catch (thrown) {
      const error = errorOf(thrown)
      if (signal.aborted) return undefined
      if (clock.monotonicMs() - startedMs >= outageMs)
        return [...failures, ...left.map((entry) => failureOf({ entry, error, mayRetry: true }))]
      outages++
      logger.log('warn', 'a batch could not be delivered, and will be tried again', {
        shardId: batch.shardId,
        entries: left.length,
        tries: outages,
        error: error.message,
      })
      await clock.sleep(backoffOf(settings.backoffMs, outages), signal)
      if (signal.aborted) return undefined
      continue
    }
    const isLast = retries >= retriesMax
    failures.push(...refusals.filter(({ mayRetry }) => isLast || !mayRetry).map(failureOf))
    left = isLast ? [] : refusals.filter(({ mayRetry }) => mayRetry).map(({ entry }) => entry)
    if (left.length === 0) break
    retries++
    await clock.sleep(backoffOf(settings.backoffMs, retries), signal)
    if (signal.aborted) return undefined
  }
  return failures
}

const backoffOf = (firstMs: number, tries: number) => Math.min(firstMs * 2 ** (tries - 1), backoffMsMax)

const failureOf = <Out>({ entry: { record, value }, error }: Refusal<Out>): Failure<Out> => ({
  record,
  value,
  error,
  stage: 'emit',
})
