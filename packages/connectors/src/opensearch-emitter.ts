import { type BulkResult, bulkAction, bulkResults } from '@millrace/formats'
import { anySignal } from '@millrace/ports'
import { type Batch, convertEach, type Emitter, type Entry, placeName, type Refusal } from './pipeline.ts'

/** A document, and where it goes if not where the emitter says. */
export type SearchDocument = {
  readonly source: object
  /** @default the emitter's index */
  readonly index?: string
  /** @default the record's place in the stream: a record that comes again is written over itself */
  readonly id?: string
}

export type OpenSearchEmitterOptions = {
  /** Of the cluster, e.g. `https://search.example:9200`. */
  readonly endpoint: string
  readonly index: string
  /** Sent with each request, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** An ingest pipeline of the cluster. @default none */
  readonly pipeline?: string
  /** Bytes in one request. @default 5242880 */
  readonly requestBytesMax?: number
  /** How long a request may take, in milliseconds. @default 30000 */
  readonly requestTimeoutMs?: number
  /** Sends the requests: one that signs them, for a domain of AWS. @default fetch */
  readonly fetch?: typeof globalThis.fetch
}

type Line = { readonly entry: Entry<SearchDocument>; readonly text: string; readonly bytes: number }

/** Indexes each value as a document of Elasticsearch or OpenSearch. Documents that are refused fail; the others are indexed. */
export class OpenSearchEmitter implements Emitter<SearchDocument> {
  readonly #options: OpenSearchEmitterOptions
  readonly #url: URL

  constructor(options: OpenSearchEmitterOptions) {
    this.#options = options
    this.#url = new URL(`${options.endpoint.replace(/(?<!\/)\/+$/, '')}/_bulk`)
    if (options.pipeline !== undefined) this.#url.searchParams.set('pipeline', options.pipeline)
  }

  async emit(
    { shardId, entries }: Batch<SearchDocument>,
    signal: AbortSignal,
  ): Promise<readonly Refusal<SearchDocument>[]> {
    const { requestBytesMax = 5 * 1024 * 1024 } = this.#options
    const { made, refusals } = convertEach(entries, (entry) => this.#text(shardId, entry))
    const lines = made.map(({ entry, as: text }): Line => ({ entry, text, bytes: Buffer.byteLength(text) }))
    let some: Line[] = []
    let bytes = 0
    for (const line of lines) {
      if (some.length > 0 && bytes + line.bytes > requestBytesMax) {
        refusals.push(...(await this.#send(some, signal)))
        some = []
        bytes = 0
      }
      some.push(line)
      bytes += line.bytes
    }
    if (some.length > 0) refusals.push(...(await this.#send(some, signal)))
    return refusals
  }

  #text(shardId: string, entry: Entry<SearchDocument>): string {
    const { source, index = this.#options.index, id = placeName(shardId, entry) } = entry.value
    return `${bulkAction({ index, id })}\n${JSON.stringify(source)}\n`
  }

  async #send(lines: readonly Line[], signal: AbortSignal): Promise<readonly Refusal<SearchDocument>[]> {
    const { fetch = globalThis.fetch, headers = {}, requestTimeoutMs = 30_000 } = this.#options
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
      body: lines.map(({ text }) => text).join(''),
      signal: anySignal([signal, AbortSignal.timeout(requestTimeoutMs)]),
    })
    const text = await response.text()
    if (response.status === 413) return await this.#sendHalves(lines, signal)
    if (!response.ok) throw new Error(`The bulk request was answered with ${response.status}: ${text.slice(0, 500)}`)
    return bulkResults(text, lines.length).flatMap((result, i) => refusalOf(lines[i]!.entry, result))
  }

  /** The cluster takes shorter requests only. */
  async #sendHalves(lines: readonly Line[], signal: AbortSignal): Promise<readonly Refusal<SearchDocument>[]> {
    const [first] = lines as [Line]
    if (lines.length === 1)
      return [
        { entry: first.entry, error: new Error('The document is larger than the cluster takes'), mayRetry: false },
      ]
    const middle = lines.length >> 1
    return [...(await this.#send(lines.slice(0, middle), signal)), ...(await this.#send(lines.slice(middle), signal))]
  }
}

/** A busy node says 429 or 5xx, and takes the document later. */
function refusalOf(entry: Entry<SearchDocument>, { status, error }: BulkResult): Refusal<SearchDocument>[] {
  if (status < 300) return []
  const reason = new Error(`${error?.type ?? 'refused'} (${status}): ${error?.reason ?? 'no reason was given'}`)
  return [{ entry, error: reason, mayRetry: status === 429 || status >= 500 }]
}
