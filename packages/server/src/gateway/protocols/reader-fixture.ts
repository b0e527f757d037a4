import fc from 'fast-check'
import { type RecordBatch, recordBatch } from '../../core/record-batch.ts'
import { blob, boolean, optional, string, structure, type ValueOf } from '../../core/shapes.ts'

/* What the tests of both readers share: an input like a put's, and what a handler sees of it. */

export const limits = { countMax: 4, dataBytesMax: 600, keyLengthMax: 20 }
const record = structure({
  Data: blob({ max: limits.dataBytesMax }),
  PartitionKey: optional(string({ min: 1, max: limits.keyLengthMax })),
  ExplicitHashKey: optional(string({ pattern: '0|([1-9]\\d{0,38})' })),
})
export const shape = structure({
  StreamName: optional(string()),
  Data: optional(blob()),
  Records: optional(recordBatch(record, limits)),
  DryRun: optional(boolean()),
})

/** One like PutRecordBatch's, whose records have no keys. */
export const keylessShape = structure({
  Records: recordBatch(structure({ Data: blob({ max: limits.dataBytesMax }) }), { ...limits, keyLengthMax: 0 }),
})

export type Input = ValueOf<typeof shape>

/** What a handler can see of an input. */
export function seen({ Records, Data, ...rest }: Input) {
  return { ...rest, Data: Data && Buffer.from(Data).toString('hex'), Records: Records && listOf(Records) }
}

export const listOf = (records: RecordBatch) =>
  Array.from({ length: records.count }, (_, i) => {
    const [keyStart, keyEnd, dataStart, dataEnd] = records.places.subarray(4 * i)
    const key = Buffer.from(records.keyBytes.subarray(keyStart, keyEnd)).toString()
    const data = Buffer.from(records.dataBytes.subarray(dataStart, dataEnd)).toString('hex')
    return { key, data, explicit: records.explicitHashKey(i), sizeBytes: records.sizeBytes(i) }
  })

const key = fc.oneof(
  fc.stringMatching(/^[ -~]{1,20}$/),
  fc.string({ maxLength: 25 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
)
const data = fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ minLength: 150, maxLength: 700 }))
const base64 = data.map((bytes) => Buffer.from(bytes).toString('base64'))
const hashKey = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 130n }).map(String),
  fc.constantFrom('01', '', '-1', '9'.repeat(40)),
)
const given = fc.record(
  { Data: base64, PartitionKey: key, ExplicitHashKey: hashKey },
  { requiredKeys: ['Data', 'PartitionKey'], noNullPrototype: true },
)
/** Inputs, of which some break limits; data is base64, as JSON has it. */
export const anyInput = fc.record(
  { StreamName: key, Records: fc.array(given, { maxLength: 5 }), Data: base64 },
  { requiredKeys: [], noNullPrototype: true },
)
