import type { Clock, Logger, Random } from '@millrace/ports'
import { parseArn } from '../../../core/arn.ts'
import type { ObjectStore } from '../../../core/ports/objects.ts'
import type { StreamRecord } from '../../../core/ports/streams.ts'
import type { GiveUpCondition } from './batch-plan.ts'
import type { Mapping } from './mapping.ts'

/** A batch that was given up. */
export type GivenUp = {
  readonly condition: GiveUpCondition
  readonly invokeCount: number
  readonly records: readonly StreamRecord[]
  readonly shardId: string
  readonly streamArn: string
  readonly functionArn: string
  /** Of the last invocation; a new one if there was none. */
  readonly requestId: string
  readonly functionError: string | undefined
  /** The whole event. */
  readonly event: Uint8Array
}

type Parts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly objects: ObjectStore | undefined
}

/** A destination that fails is tried so often, the pause doubling. */
const triesMax = 6
const firstPauseMs = 250

/** Puts a batch that was given up into the mapping's bucket. Resolves with whether it is there. */
export async function deliverFailure(parts: Parts, mapping: Mapping, givenUp: GivenUp, signal: AbortSignal) {
  const { clock, logger, objects, random } = parts
  const bucket = mapping.onFailureArn === undefined ? undefined : parseArn(mapping.onFailureArn)?.resource
  if (bucket === undefined || !objects) return false
  const nowMs = clock.nowMs()
  const key = objectKey(mapping.uuid, givenUp.shardId, nowMs, random.uuid())
  const document = Buffer.from(JSON.stringify(failureDocument(givenUp, nowMs)))
  for (let tries = 1; ; tries++) {
    try {
      await objects.put(bucket, key, [document], {}, signal)
      return true
    } catch (error) {
      const facts = { mapping: mapping.uuid, bucket, key, error }
      logger.log('error', 'a failed batch could not be put into its bucket', facts)
      if (tries >= triesMax || signal.aborted) return false
      await clock.sleep(firstPauseMs * 2 ** tries, signal)
    }
  }
}

/** `aws/lambda/<UUID>/<shard>/YYYY-MM-DDTHH.MM.SS-<UUID>`, as on AWS. */
function objectKey(uuid: string, shardId: string, nowMs: number, id: string): string {
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '.')
  return `aws/lambda/${uuid}/${shardId}/${time}-${id}`
}

function failureDocument(givenUp: GivenUp, nowMs: number) {
  const { condition, event, functionArn, functionError, invokeCount, records, requestId, shardId, streamArn } = givenUp
  const first = records[0]!
  const last = records.at(-1)!
  return {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: invokeCount },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: functionError ?? null,
    },
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first.arrivedAtMs).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedAtMs).toISOString(),
      batchSize: records.length,
      streamArn,
    },
    payload: Buffer.from(event).toString(),
  }
}
