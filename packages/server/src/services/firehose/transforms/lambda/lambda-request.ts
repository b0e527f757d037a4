import type { DeliveryRecord } from '../../delivery/delivery-record.ts'

/*
 * What a function is given [docs]:
 *
 *   { invocationId, deliveryStreamArn, sourceKinesisStreamArn?, region,
 *     records: [ { recordId, approximateArrivalTimestamp, data: base64,
 *                  kinesisRecordMetadata?: { shardId, partitionKey, sequenceNumber, subsequenceNumber,
 *                                            approximateArrivalTimestamp } } ] }
 */

/** AWS Lambda's limit of a request. */
export const requestBytesMax = 6 * 1024 * 1024

export type RequestHead = {
  readonly deliveryStreamArn: string
  readonly sourceKinesisStreamArn?: string | undefined
  readonly region: string
}

/** Records that go to a function in one call. */
export type LambdaRequest = {
  /** In order, by the ids that the function gets. */
  readonly records: ReadonlyMap<string, DeliveryRecord>
  /** The call's JSON; each try has an id of its own. */
  readonly payload: (invocationId: string) => Buffer
}

/** `oversize`: records that no call can carry. */
export type LambdaRequests = {
  readonly requests: readonly LambdaRequest[]
  readonly oversize: readonly DeliveryRecord[]
}

/** Records → calls that are small enough, in order. */
export function requestsOf(records: readonly DeliveryRecord[], head: RequestHead): LambdaRequests {
  const beginning = (invocationId: string) => `${JSON.stringify({ invocationId, ...head }).slice(0, -1)},"records":[`
  const recordsBytesMax = requestBytesMax - Buffer.byteLength(beginning('0'.repeat(36))) - 2
  const requests: LambdaRequest[] = []
  const oversize: DeliveryRecord[] = []
  const idOf = uniqueIds()
  let texts: string[] = []
  let taken = new Map<string, DeliveryRecord>()
  let sizeBytes = 0
  const cut = () => {
    if (taken.size === 0) return
    const json = `${texts.join(',')}]}`
    requests.push({ records: taken, payload: (invocationId) => Buffer.from(beginning(invocationId) + json) })
    texts = []
    taken = new Map()
    sizeBytes = 0
  }
  for (const record of records) {
    const id = idOf(record)
    const text = JSON.stringify(requestRecord(id, record))
    const textBytes = Buffer.byteLength(text) + 1
    if (textBytes > recordsBytesMax) {
      oversize.push(record)
      continue
    }
    if (sizeBytes + textBytes > recordsBytesMax) cut()
    texts.push(text)
    taken.set(id, record)
    sizeBytes += textBytes
  }
  cut()
  return { requests, oversize }
}

function requestRecord(recordId: string, { arrivalMs, data, origin }: DeliveryRecord) {
  return {
    recordId,
    approximateArrivalTimestamp: arrivalMs,
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ...(origin && {
      kinesisRecordMetadata: {
        shardId: origin.shardId,
        partitionKey: origin.partitionKey,
        sequenceNumber: origin.sequenceNumber,
        subsequenceNumber: origin.subSequenceNumber,
        approximateArrivalTimestamp: arrivalMs,
      },
    }),
  }
}

/** Records that were one before have one id; the function tells them apart by a number behind it. */
function uniqueIds(): (record: DeliveryRecord) => string {
  const seen = new Map<string, number>()
  return ({ recordId }) => {
    const before = seen.get(recordId) ?? 0
    seen.set(recordId, before + 1)
    return before === 0 ? recordId : `${recordId}.${before}`
  }
}
