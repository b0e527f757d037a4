/** KCL's maxLeaseRenewalThreads. */
export const tableCallsAtOnceMax = 20

/** Does `work` for all values, so many at once. Rejects with the first failure, when all are done. */
export async function inParallel<T>(
  values: readonly T[],
  atOnceMax: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const lane = async () => {
    while (next < values.length) {
      try {
        await work(values[next++]!)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, values.length) }, lane))
  if (failure) throw failure.error
}
