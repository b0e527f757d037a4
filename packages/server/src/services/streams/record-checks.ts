import { hashKeyMax } from '@millrace/formats'
import { invalidArgument } from '../../core/aws-error.ts'
import type { RecordBatch } from '../../core/record-batch.ts'
import { constraintsBroken, violation } from '../../core/shapes.ts'
import type { StreamsContext } from './context.ts'
import { createdAtSOf, parseSequenceNumber, type SequenceNumber } from './sequence-number.ts'
import { logIdOf, type Stream } from './stream.ts'

/* What a record must be before it may be put: the checks that depend on its stream. */

/** The largest record that any stream may take, in bytes of data. */
export const dataBytesMax = 10 * 1024 * 1024

/** All keys and data of one PutRecords. */
export const requestBytesMax = 10 * 1024 * 1024

export const requestRecordsMax = 500

/** In UTF-16 units, as AWS counts. */
export const partitionKeyLengthMax = 256

/**
 * Checks all records of a request. `pathOf` names a record's members in AWS's sentences. Returns its size in bytes.
 * @throws ValidationException, InvalidArgumentException
 */
export function checkRecords(stream: Stream, records: RecordBatch, pathOf: (index: number) => string): number {
  const sizeBytesMax = stream.maxRecordSizeKiB * 1024
  const needsKey = stream.distributionStrategy !== 'AUTO'
  const violations: string[] = []
  let sizeBytes = 0
  for (let i = 0; i < records.count; i++) {
    const recordBytes = records.sizeBytes(i)
    sizeBytes += recordBytes
    if (needsKey && records.keyLength(i) === 0)
      violations.push(violation(null, `${pathOf(i)}partitionKey`, 'Member must not be null'))
    if (recordBytes > sizeBytesMax)
      violations.push(tooLarge(records.dataLength(i), recordBytes, sizeBytesMax, pathOf(i)))
  }
  if (violations.length > 0) throw constraintsBroken(violations)
  if (sizeBytes > requestBytesMax && records.count > 1) throw invalidArgument('Records size exceeds 10 MB limit')
  if (needsKey) for (let i = 0; i < records.count; i++) checkHashKey(records.explicitHashKey(i))
  return sizeBytes
}

/** AWS measures data alone in the sentence of its constraint; what the key adds beyond it is said the same way. */
function tooLarge(size: number, recordBytes: number, sizeBytesMax: number, path: string): string {
  const dataMax = size > sizeBytesMax ? sizeBytesMax : sizeBytesMax - (recordBytes - size)
  const buffer = `java.nio.HeapByteBuffer[pos=0 lim=${size} cap=${size}]`
  return violation(buffer, `${path}data`, `Member must have length less than or equal to ${dataMax}`)
}

function checkHashKey(explicit: string | undefined): void {
  if (explicit !== undefined && BigInt(explicit) > hashKeyMax)
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicit}`,
    )
}

/** A number from the future was not given out, unless the clock went back since. @throws InvalidArgumentException */
export async function checkSequenceNumberForOrdering(
  context: StreamsContext,
  stream: Stream,
  given: string,
): Promise<void> {
  const { clock, place } = context
  if (isOlderVersion(given)) return
  const parsed = parseSequenceNumber(given)
  if (parsed && (parsed.timestampS * 1000 <= clock.nowMs() || (await isOfARecord(context, stream, parsed)))) return
  throw invalidArgument(
    `ExclusiveMinimumSequenceNumber ${given} used in PutRecord on stream ${stream.name} under account ` +
      `${place.accountId} is invalid.`,
  )
}

/** Is it the number of a record that a shard of this stream has, or had? */
async function isOfARecord({ log }: StreamsContext, stream: Stream, number: SequenceNumber): Promise<boolean> {
  const shard = stream.shards.find(({ index }) => index === number.shardIndex)
  if (!shard || createdAtSOf(shard) !== number.shardCreatedAtS) return false
  return number.counter <= BigInt((await log.bounds(logIdOf(stream, shard.index))).end)
}

/** Versions 0 and 1, from AWS's first years, are all below version 2's: any record comes after them. */
function isOlderVersion(text: string): boolean {
  const number = BigInt(text)
  return number < 2n ** 185n && (number < 2n ** 124n || (number & 0xfn) <= 1n)
}
