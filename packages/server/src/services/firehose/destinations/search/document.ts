import { isUtf8 } from 'node:buffer'
import { bulkAction } from '@millrace/formats'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'

/** A record as a cluster is asked to index it. */
export type SearchDocument = {
  readonly record: DeliveryRecord
  /** What to do with it, and a line end. */
  readonly action: Buffer
  /** The document on one line, without a line end. */
  readonly source: Uint8Array
  readonly sizeBytes: number
}

export type DocumentPlace = {
  readonly index: string
  readonly id: string | undefined
  readonly type: string | undefined
}

export function documentOf(record: DeliveryRecord, place: DocumentPlace): SearchDocument | undefined {
  const source = lineOf(record.data)
  if (!source) return undefined
  const action = Buffer.from(`${bulkAction(place)}\n`)
  return { record, action, source, sizeBytes: action.byteLength + source.byteLength + 1 }
}

const lineEnd = 0x0a
const isSpace = (byte: number) => byte === 0x20 || byte === lineEnd || byte === 0x0d || byte === 0x09

/**
 * A record that is one JSON object on one line; space around it is fine. Undefined for anything else: AWS refuses a record
 * with a line end inside, too, as `ES.MalformedData`.
 */
function lineOf(data: Uint8Array): Uint8Array | undefined {
  let start = 0
  let end = data.byteLength
  while (end > start && isSpace(data[end - 1]!)) end--
  while (start < end && isSpace(data[start]!)) start++
  const line = data.subarray(start, end)
  if (line[0] !== 0x7b || line.includes(lineEnd) || !isUtf8(line)) return undefined
  try {
    JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString())
    return line
  } catch {
    return undefined
  }
}

/** Requests that a cluster takes: of so many bytes and documents at most; a larger document goes alone. */
export function requestsOf(
  documents: readonly SearchDocument[],
  { bytesMax, documentsMax }: { readonly bytesMax: number; readonly documentsMax: number },
): SearchDocument[][] {
  const requests: SearchDocument[][] = []
  let sizeBytes = 0
  for (const document of documents) {
    const request = requests.at(-1)
    if (request && request.length < documentsMax && sizeBytes + document.sizeBytes <= bytesMax) {
      request.push(document)
      sizeBytes += document.sizeBytes
    } else {
      requests.push([document])
      sizeBytes = document.sizeBytes
    }
  }
  return requests
}

const newline = Buffer.from('\n')

export const bodyOf = (documents: readonly SearchDocument[]): Buffer =>
  Buffer.concat(documents.flatMap(({ action, source }) => [action, source, newline]))
