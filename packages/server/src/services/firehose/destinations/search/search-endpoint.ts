import { unescape as percentDecoded } from 'node:querystring'
import { type BulkResult, bulkResults } from '@millrace/formats'
import {
  type Outbound,
  OutboundFailed,
  type OutboundFailure,
  type OutboundResponse,
} from '../../../../core/ports/outbound.ts'
import { DeliveryFailed } from '../destination.ts'
import { bodyOf, type SearchDocument } from './document.ts'

const timeoutMs = 60_000
/** An answer has some 200 bytes for each document, and a page of text for one that was refused. */
const responseBytesMax = 64 * 1024 * 1024
const errorTextLengthMax = 2000

export type SearchEndpointOptions = {
  /** `https://host:port`, with `user:password@` before the host where the cluster wants to know. */
  readonly url: string
  /** What error codes begin with: AWS has `ES` for Elasticsearch and `OS` for OpenSearch. */
  readonly codePrefix: 'ES' | 'OS'
}

/** The calls of a cluster that delivery needs. */
export class SearchEndpoint {
  readonly #outbound: Outbound
  readonly #codePrefix: string
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(outbound: Outbound, { url, codePrefix }: SearchEndpointOptions) {
    const { username, password, origin, pathname } = new URL(url)
    this.#outbound = outbound
    this.#codePrefix = codePrefix
    this.#base = origin + pathname.replace(/(?<!\/)\/+$/, '')
    const credentials = `${percentDecoded(username)}:${percentDecoded(password)}` // a lone % stays one
    this.#headers = username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
  }

  /**
   * Indexes documents. What became of each, or 'too large' if the cluster takes shorter requests only.
   *
   * @throws DeliveryFailed if the request as a whole came to nothing, or nobody knows
   */
  async bulk(documents: readonly SearchDocument[], signal: AbortSignal): Promise<readonly BulkResult[] | 'too large'> {
    const headers = { ...this.#headers, 'content-type': 'application/x-ndjson' }
    const request = { method: 'POST', headers, body: bodyOf(documents) } as const
    const response = await this.#request('/_bulk', request, signal)
    if (response.status === 413) return 'too large'
    if (response.status !== 200) throw failureOf(response)
    try {
      return bulkResults(response.body.toString(), documents.length)
    } catch (error) {
      throw new DeliveryFailed(`${this.#codePrefix}.ServiceException`, (error as Error).message)
    }
  }

  /** Whether documents have types there: before Elasticsearch 8 and OpenSearch 2. @throws DeliveryFailed */
  async hasTypes(signal: AbortSignal): Promise<boolean> {
    const response = await this.#request('/', { method: 'GET', headers: this.#headers }, signal)
    if (response.status !== 200) throw failureOf(response)
    try {
      const { version } = JSON.parse(response.body.toString()) as {
        readonly version: { readonly number: string; readonly distribution?: string }
      }
      return Number.parseInt(version.number, 10) < (version.distribution === 'opensearch' ? 2 : 8)
    } catch {
      const said = response.body.toString('utf8', 0, errorTextLengthMax)
      throw new DeliveryFailed(`${this.#codePrefix}.ServiceException`, `The cluster does not tell its version: ${said}`)
    }
  }

  async #request(
    path: string,
    request: Pick<Parameters<Outbound['request']>[0], 'method' | 'headers' | 'body'>,
    signal: AbortSignal,
  ): Promise<OutboundResponse> {
    try {
      return await this.#outbound.request({ url: this.#base + path, timeoutMs, responseBytesMax, ...request }, signal)
    } catch (error) {
      if (!(error instanceof OutboundFailed)) throw error
      const code = `${this.#codePrefix}.${codes[error.failure]}`
      throw new DeliveryFailed(code, error.message, undefined, { cause: error })
    }
  }
}

const codes: Readonly<Record<OutboundFailure, string>> = {
  'forbidden address': 'AccessDenied',
  'unknown host': 'ConnectionFailed',
  'connection failed': 'ConnectionFailed',
  'connection reset': 'ConnectionReset',
  'handshake failed': 'ConnectionFailed',
  timeout: 'RequestTimeout',
  'invalid response': 'ServiceException',
  'response too large': 'ServiceException',
}

/** The code of an answer is its status: AWS passes errors on as the cluster gives them [docs]. */
const failureOf = ({ status, body }: OutboundResponse) =>
  new DeliveryFailed(`${status}`, body.toString('utf8', 0, errorTextLengthMax))
