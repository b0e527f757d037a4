import assert from 'node:assert/strict'
import { type Column, chunkOfRange, MalformedType, parseHiveColumns } from '@millrace/formats/columnar'
import { AwsError } from '../../../core/aws-error.ts'
import { tablesFor } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import type { DeliveryRecord, RefusedRecord } from '../delivery/delivery-record.ts'
import { DeliveryFailed } from '../destinations/destination.ts'
import { glueAccessDenied } from '../faults.ts'
import { count } from '../metrics.ts'
import type { ConversionAnswer } from './conversion-messages.ts'
import type { Conversion } from './conversion-settings.ts'
import type { ConversionThread } from './conversion-thread.ts'
import type { MadeObject, ObjectFormat } from './object-format.ts'

/** JSON that goes to a thread at once; a larger record goes alone. */
const chunkBytesMax = 1024 * 1024
/** Chunks on their way to a thread: one that it reads, and the next. */
const chunksAhead = 2

const extensions = { Parquet: '.parquet', ORC: '.orc' }

type Answered<K extends ConversionAnswer['kind']> = Extract<ConversionAnswer, { readonly kind: K }>

/** Records of JSON → files of columns, by the schema that a table has when an object is made. */
export class ConvertedObjects implements ObjectFormat {
  readonly #context: FirehoseContext
  readonly #name: string
  readonly #conversion: Conversion
  readonly extension: string

  constructor(context: FirehoseContext, name: string, conversion: Conversion) {
    this.#context = context
    this.#name = name
    this.#conversion = conversion
    this.extension = extensions[conversion.output.kind]
  }

  errorDetails({ origin, recordId }: DeliveryRecord) {
    const { place } = this.#context
    const { table, schema } = this.#conversion
    return {
      sequenceNumber: origin?.sequenceNumber ?? recordId,
      subSequenceNumber: origin?.subSequenceNumber ?? null,
      dataCatalogTable: {
        catalogId: table.catalogId ?? place.accountId,
        databaseName: table.databaseName,
        tableName: table.tableName,
        region: schema.region ?? place.region,
        versionId: table.versionId ?? 'LATEST',
        roleArn: schema.roleArn,
      },
    }
  }

  async make(records: readonly DeliveryRecord[], signal: AbortSignal): Promise<MadeObject> {
    const schema = await this.#schema()
    const refused: RefusedRecord[] = []
    const parts = await this.#context.conversions
      .use(this, (thread) => this.#convert(thread, schema, records, refused, signal))
      .catch((error: Error) => {
        throw new DeliveryFailed('DataFormatConversion.InternalError', error.message, undefined, { cause: error })
      })
    return { parts, refused, delivered: () => this.#count(records, refused) }
  }

  async close(): Promise<void> {
    await this.#context.conversions.leave(this)
  }

  /** @throws DeliveryFailed */
  async #schema(): Promise<Column[]> {
    const { roleArn, table } = this.#conversion
    try {
      const found = await tablesFor(this.#context, this.#name, roleArn).find(table)
      if (!found) throw new DeliveryFailed('DataFormatConversion.EntityNotFound', tableNotFound)
      const columns = parseHiveColumns(found.columns)
      if (columns.length > 0) return columns
      throw new MalformedType(`the table ${table.databaseName}.${table.tableName} has no columns`)
    } catch (error) {
      if (error instanceof AwsError && error.code === 'AccessDeniedException')
        throw new DeliveryFailed('DataFormatConversion.AccessDenied', glueAccessDenied(error.message))
      if (!(error instanceof AwsError || error instanceof MalformedType)) throw error
      throw new DeliveryFailed('DataFormatConversion.InvalidSchema', `The schema is invalid: ${error.message}`)
    }
  }

  async #convert(
    thread: ConversionThread,
    schema: readonly Column[],
    records: readonly DeliveryRecord[],
    refused: RefusedRecord[],
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    const { serDe, output } = this.#conversion
    const separator = this.#context.random.uuid()
    expect('opened', await thread.ask({ kind: 'open', schema, serDe, output }))
    const parts: Uint8Array[] = []
    const asked: { from: number; answer: Promise<ConversionAnswer> }[] = []
    const take = async () => {
      const { from, answer } = asked.shift()!
      const { bytes, faulty } = expect('read', await answer)
      if (bytes) parts.push(bytes)
      for (const { index, code, message } of faulty)
        refused.push({
          record: records[from + index]!,
          errorOutputType: 'format-conversion-failed',
          errorCode: code,
          errorMessage: message,
        })
    }
    try {
      for (let from = 0; from < records.length && !signal.aborted; ) {
        const chunk = chunkOfRange(records, from, chunkBytesMax, separator)
        const next = from + chunk.starts.length
        asked.push({ from, answer: thread.ask({ kind: 'chunk', chunk }) })
        from = next
        if (asked.length >= chunksAhead) await take()
      }
      while (asked.length > 0) await take()
    } finally {
      await Promise.allSettled(asked.map(({ answer }) => answer))
    }
    if (signal.aborted) {
      await thread.ask({ kind: 'drop' })
      throw signal.reason
    }
    const { bytes } = expect('finished', await thread.ask({ kind: 'finish' }))
    if (bytes) parts.push(bytes)
    return parts
  }

  #count(records: readonly DeliveryRecord[], refused: readonly RefusedRecord[]): void {
    const { metrics } = this.#context
    const failedBytes = bytesOf(refused.map(({ record }) => record))
    count(metrics, this.#name, 'SucceedConversion.Records', records.length - refused.length)
    count(metrics, this.#name, 'SucceedConversion.Bytes', bytesOf(records) - failedBytes)
    count(metrics, this.#name, 'FailedConversion.Records', refused.length)
    count(metrics, this.#name, 'FailedConversion.Bytes', failedBytes)
  }
}

/** As AWS says it of a table that went while records came. */
const tableNotFound =
  'The specified table/database could not be found. Please ensure that the table/database exists and that the values ' +
  'provided in the schema configuration are correct, especially with regards to casing.'

const bytesOf = (records: readonly DeliveryRecord[]) => records.reduce((sum, { data }) => sum + data.byteLength, 0)

/** @throws Error that says what failed in the thread */
function expect<K extends ConversionAnswer['kind']>(kind: K, answer: ConversionAnswer): Answered<K> {
  if (answer.kind === 'failed') throw new Error(answer.message)
  assert(answer.kind === kind, `an answer of the kind ${kind}, not ${answer.kind}`)
  return answer as Answered<K>
}
