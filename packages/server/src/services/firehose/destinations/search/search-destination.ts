import type { BulkResult } from '@millrace/formats'
import type { DeliveryRecord, RefusedRecord } from '../../delivery/delivery-record.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination } from '../destination.ts'
import { documentOf, requestsOf, type SearchDocument } from './document.ts'
import { type IndexRotationPeriod, indexNameAt } from './index-name.ts'
import type { SearchEndpoint } from './search-endpoint.ts'

export type SearchOptions = {
  readonly indexName: string
  readonly rotation: IndexRotationPeriod
  /** Of documents, for clusters that have types. */
  readonly typeName: string | undefined
  /** Documents are named by their records, so that one that comes again is written over itself. */
  readonly hasDocumentIds: boolean
  readonly codePrefix: 'ES' | 'OS'
  /** What members of error records begin with: `os` for Serverless [docs]. */
  readonly detailPrefix: 'es' | 'os'
  /** Told after each request whether it was the credentials that failed it. */
  readonly onAuthentication?: (isRefused: boolean) => void
}

/** Ten megabytes are what the smallest clusters of AWS take; one that takes less says so with 413. */
const requestBytesMax = 10 * 1024 * 1024
const requestDocumentsMax = 5000

const malformed =
  'One or more records are malformed. Please ensure that each record is single valid JSON object and that it does not contain newlines.'

/** Documents of Elasticsearch or OpenSearch: one for each record. What is refused goes alone, what may be taken later, too. */
export class SearchDestination implements Destination {
  readonly #endpoint: SearchEndpoint
  readonly #options: SearchOptions
  #requestBytesMax = requestBytesMax
  #hasTypes: boolean | undefined

  constructor(endpoint: SearchEndpoint, options: SearchOptions) {
    this.#endpoint = endpoint
    this.#options = options
    if (!options.typeName) this.#hasTypes = false
  }

  async deliver({ records }: DeliveryBatch, signal: AbortSignal): Promise<readonly RefusedRecord[]> {
    this.#hasTypes ??= await this.#endpoint.hasTypes(signal)
    const refused: RefusedRecord[] = []
    const later: DeliveryRecord[] = []
    let reason: { readonly code: string; readonly message: string } | undefined
    const requests = requestsOf(this.#documentsOf(records, refused), {
      bytesMax: this.#requestBytesMax,
      documentsMax: requestDocumentsMax,
    })
    for (let request = requests.shift(); request; request = requests.shift()) {
      const results = await this.#bulk(request, signal).catch((error: unknown) => {
        if (!(error instanceof DeliveryFailed)) throw error
        const left = [...later, ...[request!, ...requests].flat().map(({ record }) => record)]
        throw new DeliveryFailed(error.code, error.message, left, { refused, cause: error })
      })
      if (results === 'too large') {
        requests.unshift(...this.#smaller(request, refused))
        continue
      }
      for (const [i, { record }] of request.entries()) {
        const result = results[i]!
        if (result.status < 300) continue
        if (mayBeTakenLater(result)) {
          later.push(record)
          reason ??= { code: `${result.status}`, message: textOf(result) }
        } else refused.push(this.#refused(record, `${result.status}`, textOf(result)))
      }
    }
    if (reason) throw new DeliveryFailed(reason.code, reason.message, later, { refused })
    return refused
  }

  /** What error records say of a document beside the rest [docs]. */
  errorDetails(record: DeliveryRecord): Readonly<Record<string, unknown>> {
    const { detailPrefix, typeName = '' } = this.#options
    const { id, index } = this.#placeOf(record)
    return {
      [`${detailPrefix}DocumentId`]: id,
      [`${detailPrefix}IndexName`]: index,
      ...(detailPrefix === 'es' && { esTypeName: typeName }),
    }
  }

  async close(): Promise<void> {}

  #documentsOf(records: readonly DeliveryRecord[], refused: RefusedRecord[]): SearchDocument[] {
    const documents: SearchDocument[] = []
    for (const record of records) {
      const document = documentOf(record, this.#placeOf(record))
      if (document) documents.push(document)
      else refused.push(this.#refused(record, `${this.#options.codePrefix}.MalformedData`, malformed))
    }
    return documents
  }

  /** By the time of its arrival, so that it has the same place when it comes again. */
  #placeOf(record: DeliveryRecord) {
    const { hasDocumentIds, indexName, rotation, typeName } = this.#options
    return {
      index: indexNameAt(indexName, rotation, record.arrivalMs),
      id: hasDocumentIds ? `${record.recordId}.${record.part ?? 0}` : undefined,
      type: this.#hasTypes ? typeName : undefined,
    }
  }

  async #bulk(request: readonly SearchDocument[], signal: AbortSignal) {
    const { onAuthentication } = this.#options
    try {
      const results = await this.#endpoint.bulk(request, signal)
      onAuthentication?.(false)
      return results
    } catch (error) {
      if (error instanceof DeliveryFailed) onAuthentication?.(error.code === '401' || error.code === '403')
      throw error
    }
  }

  /** Halves of a request that was too large, and from now on no longer ones; a document alone is too large itself. */
  #smaller(request: readonly SearchDocument[], refused: RefusedRecord[]): SearchDocument[][] {
    const sizeBytes = request.reduce((sum, document) => sum + document.sizeBytes, 0)
    if (request.length === 1) {
      const message = `The document is larger than the cluster takes: ${sizeBytes} bytes`
      refused.push(this.#refused(request[0]!.record, '413', message))
      return []
    }
    this.#requestBytesMax = Math.min(this.#requestBytesMax, Math.ceil(sizeBytes / 2))
    const middle = request.length >> 1
    return [request.slice(0, middle), request.slice(middle)]
  }

  #refused(record: DeliveryRecord, errorCode: string, errorMessage: string): RefusedRecord {
    return { record, errorOutputType: 'AmazonOpenSearchService-failed', errorCode, errorMessage }
  }
}

/**
 * A busy node says 429 or 5xx; an index that is read-only while the disk is full, that is not made yet, or that nobody may
 * write to yet, can be put right by its operator. What makes no sense (400) or is there already (409) never does.
 */
function mayBeTakenLater({ status, error }: BulkResult): boolean {
  return error?.type === 'cluster_block_exception' || !(status === 400 || status === 409 || status === 413)
}

const textOf = ({ error }: BulkResult) => JSON.stringify(error ?? {})
