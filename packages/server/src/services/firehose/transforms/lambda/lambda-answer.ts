import { isObject } from '../../../../core/shapes.ts'

/*
 * What a function answers [docs]:
 *
 *   { records: [ { recordId, result: "Ok" | "Dropped" | "ProcessingFailed", data: base64,
 *                  metadata?: { partitionKeys?: { name: value } } } ] }
 */

export type Failure = { readonly code: string; readonly message: string }

/** What a function made of one record. */
export type Outcome =
  | {
      readonly kind: 'ok'
      readonly data: Uint8Array
      /** What it returned as `metadata.partitionKeys`. */
      readonly partitionKeys: Readonly<Record<string, string>>
    }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** Whatever it says of records that it was not given is not listened to, as on AWS. */
export type LambdaAnswer = { readonly outcomeOf: (recordId: string) => Outcome }

/* AWS's sentences, as recorded in its error output; of the code for what is no base64 only the batch's is known. */

export const functionFailed: Failure = {
  code: 'Lambda.FunctionError',
  message: 'The Lambda function was successfully invoked but it returned an error result.',
}

const notInFormat: Failure = {
  code: 'Lambda.FunctionError',
  message:
    'Check your function and make sure the output is in required format. In addition to that, make sure the processed ' +
    'records contain valid result status of Dropped, Ok, or ProcessingFailed',
}

const notRecords: Failure = {
  code: 'Lambda.JsonProcessingException',
  message:
    'There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the ' +
    'status model required by Firehose.',
}

const missing: Failure = {
  code: 'Lambda.MissingRecordId',
  message: 'One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.',
}

const duplicated: Failure = {
  code: 'Lambda.DuplicatedRecordId',
  message:
    'Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id ' +
    'for each record.',
}

const processingFailed: Failure = {
  code: 'Lambda.ProcessingFailedStatus',
  message: 'ProcessingFailed status set for record',
}

const withoutData: Failure = {
  code: 'Lambda.InvalidReturnFormat',
  message:
    'The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is ' +
    'Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok.',
}

const failed = (failure: Failure): Outcome => ({ kind: 'failed', failure })

/** Reads an answer. What is wrong with one record is not held against the others. */
export function answerOf(payload: Uint8Array): LambdaAnswer {
  const records = recordsOf(payload)
  if (!records) return { outcomeOf: () => failed(notRecords) }
  const byId = new Map<unknown, unknown>()
  const duplicates = new Set<unknown>()
  for (const record of records) {
    if (!isObject(record)) continue
    if (byId.has(record.recordId)) duplicates.add(record.recordId)
    byId.set(record.recordId, record)
  }
  return {
    outcomeOf(recordId) {
      if (duplicates.has(recordId)) return failed(duplicated)
      const record = byId.get(recordId)
      return isObject(record) ? outcomeOf(record) : failed(missing)
    },
  }
}

/** An answer without records leaves all of them out; undefined for one that is no answer at all. */
function recordsOf(payload: Uint8Array): readonly unknown[] | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
  } catch {
    return undefined
  }
  if (!isObject(answer) || Array.isArray(answer)) return undefined
  const { records = [] } = answer
  return Array.isArray(records) ? records : undefined
}

function outcomeOf({ data, metadata, result }: Readonly<Record<string, unknown>>): Outcome {
  if (result === 'Dropped') return { kind: 'dropped' }
  if (result === 'ProcessingFailed') return failed(processingFailed)
  if (result !== 'Ok') return failed(notInFormat)
  if (data === undefined || data === null) return failed(withoutData)
  const bytes = typeof data === 'string' ? decoded(data) : undefined
  return bytes ? { kind: 'ok', data: bytes, partitionKeys: keysOf(metadata) } : failed(notInFormat)
}

/** Undefined for what is not base64: Node itself would skip what it does not know. */
function decoded(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = Buffer.from(text, 'base64')
  return bytes.byteLength === (text.length / 4) * 3 - padding ? bytes : undefined
}

/** Texts, and what is one when it is written down; what is missing is found later, where the keys are used. */
function keysOf(metadata: unknown): Readonly<Record<string, string>> {
  const given = isObject(metadata) ? metadata.partitionKeys : undefined
  if (!isObject(given)) return {}
  const keys = Object.entries(given).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return Object.fromEntries(keys.map(([name, value]) => [name, String(value)]))
}
