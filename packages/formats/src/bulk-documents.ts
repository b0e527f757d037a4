/*
 * The bulk API of Elasticsearch and OpenSearch: a line that says what to do and a line with the document, for each of them,
 * and an answer for each in the same order.
 *
 *   {"index":{"_index":"orders","_id":"4959….0"}}
 *   {"customer":7}
 *
 *   {"took":30,"errors":true,"items":[{"index":{"_id":"4959….0","status":400,"error":{"type":"…","reason":"…"}}}]}
 */

export type BulkTarget = {
  readonly index: string
  /** Absent: the cluster makes one. */
  readonly id?: string | undefined
  /** For clusters before Elasticsearch 8 and OpenSearch 2 alone. */
  readonly type?: string | undefined
}

export type BulkResult = {
  readonly status: number
  readonly error: BulkError | undefined
}

export type BulkError = { readonly type?: string; readonly reason?: string }

/** The line before a document. */
export const bulkAction = ({ index, id, type }: BulkTarget): string =>
  JSON.stringify({ index: { _index: index, ...(type && { _type: type }), ...(id !== undefined && { _id: id }) } })

/**
 * What became of each document of a request.
 *
 * @throws Error for an answer that is none, or not one to a request of so many documents
 */
export function bulkResults(answer: string, documentCount: number): BulkResult[] {
  const { items } = parsed(answer)
  if (!Array.isArray(items)) throw new Error(`The answer to a bulk request has no items: ${answer.slice(0, 200)}`)
  if (items.length !== documentCount)
    throw new Error(`The bulk request had ${documentCount} documents, and its answer has ${items.length}`)
  return items.map((item: unknown) => {
    const { status, error } = (Object.values(item ?? {})[0] ?? {}) as { status?: unknown; error?: unknown }
    if (typeof status !== 'number') throw new Error(`An answer to a document has no status: ${JSON.stringify(item)}`)
    return { status, error: typeof error === 'string' ? { reason: error } : (error as BulkError | undefined) }
  })
}

function parsed(answer: string): { readonly items?: unknown } {
  try {
    return (JSON.parse(answer) ?? {}) as { readonly items?: unknown }
  } catch {
    throw new Error(`The answer to a bulk request is no JSON: ${answer.slice(0, 200)}`)
  }
}
