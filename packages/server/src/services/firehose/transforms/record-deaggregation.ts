import { invalidArgument } from '../../../core/aws-error.ts'
import { type DeliveryRecord, derived } from '../delivery/delivery-record.ts'
import { delimitedOf, jsonObjectsOf } from './sub-records.ts'
import type { Transform, Transformed } from './transform.ts'
import type { TransformParts } from './transforms.ts'

/** AWS takes no record apart that holds more: it goes on as it is [docs]. */
const subRecordsMax = 500

/** What is taken apart at once; the next come when these are buffered. One record more or less does not matter. */
const portionRecordsMax = 10_000

type Split = (data: Uint8Array) => Uint8Array[] | undefined

/**
 * The processor RecordDeAggregation: records that hold several JSON objects, or several texts with a delimiter between them,
 * are taken apart. What cannot be taken apart goes on as it is. @throws InvalidArgumentException
 */
export function recordDeAggregation({ parameters }: TransformParts): Transform {
  const { SubRecordType, Delimiter } = parameters
  if (SubRecordType === 'JSON') return new RecordDeAggregation((data) => jsonObjectsOf(data, subRecordsMax))
  if (SubRecordType !== 'DELIMITED') throw invalidArgument('SubRecordType has to be one of JSON, DELIMITED')
  if (Delimiter === undefined) throw invalidArgument('Delimiter should be present for DELIMITED')
  const delimiter = Buffer.from(Delimiter, 'base64')
  if (
    delimiter.byteLength === 0 ||
    delimiter.toString('base64').replace(/(?<!=)=+$/, '') !== Delimiter.replace(/(?<!=)=+$/, '')
  )
    throw invalidArgument('Delimiter has to be base64 encoded') // ours
  return new RecordDeAggregation((data) => delimitedOf(data, delimiter, subRecordsMax))
}

class RecordDeAggregation implements Transform {
  readonly #split: Split

  constructor(split: Split) {
    this.#split = split
  }

  async transform(given: readonly DeliveryRecord[]): Promise<Transformed> {
    const records: DeliveryRecord[] = []
    let done = 0
    for (; done < given.length && records.length < portionRecordsMax; done++) {
      const record = given[done]!
      const parts = this.#split(record.data)
      if (!parts?.length || parts[0]!.byteLength === record.data.byteLength) records.push(record)
      else if (parts.length === 1) records.push(derived(record, parts[0]!))
      else for (let i = 0; i < parts.length; i++) records.push(subRecord(record, parts[i]!, i))
    }
    return { records, failed: [], rest: given.slice(done) }
  }
}

/** A record of its own from here on: when it fails, it fails alone, and the error output has it without the others. */
const subRecord = (record: DeliveryRecord, data: Uint8Array, place: number): DeliveryRecord => ({
  ...record,
  recordId: record.recordId + `${place}`.padStart(6, '0'),
  data,
  rawData: undefined,
})
