/*
 * What a function's answer to a batch says, by AWS's rules for ReportBatchItemFailures and tumbling windows.
 */

export type BatchOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure' }
  /** The records before `index` succeeded. */
  | { readonly kind: 'failedFrom'; readonly index: number }

/**
 * Success: nothing, null, no list, an empty list. Failure of all: a list entry without an identifier, or with one that is
 * not in the batch. Else the lowest sequence number of the list is where the failure begins.
 */
export function batchOutcome(answer: unknown, sequenceNumbers: readonly string[]): BatchOutcome {
  const failures = isObject(answer) ? answer.batchItemFailures : undefined
  if (failures === undefined || failures === null) return { kind: 'success' }
  if (!Array.isArray(failures)) return { kind: 'failure' }
  let index = Number.POSITIVE_INFINITY
  for (const failure of failures) {
    const found = isObject(failure) ? sequenceNumbers.indexOf(String(failure.itemIdentifier)) : -1
    if (found < 0) return { kind: 'failure' }
    index = Math.min(index, found)
  }
  return index === Number.POSITIVE_INFINITY ? { kind: 'success' } : { kind: 'failedFrom', index }
}

/** The state that a function keeps in a tumbling window, as JSON; an answer without one empties it. */
export const windowStateOf = (answer: unknown): string =>
  JSON.stringify(isObject(answer) && answer.state !== null && answer.state !== undefined ? answer.state : {})

/** The answer's JSON; undefined when it is none. */
export function parsedAnswer(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
