/** The signals that a signal was made of: as long as it is there, they are. */
const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>()

/**
 * A signal that aborts when the first of several does, or has.
 *
 * As `AbortSignal.any`, of which Node 24.16 and later lose the abort when nobody listens at that moment and its source
 * is collected before somebody looks (nodejs/node#65995): here what it was made of lives as long as itself.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  const any = AbortSignal.any([...signals])
  sources.set(any, signals)
  return any
}
