import type { KinesisCaller } from './kinesis-caller.ts'
import { type Lane, type Ledger, requestOf } from './ledger.ts'

type Answer = {
  readonly Records: readonly {
    readonly ShardId: string
    readonly SequenceNumber: string
    readonly ErrorCode?: string
  }[]
}

/**
 * Puts the next records of a lane in one call, and writes down which were acknowledged. Resolves with the code of the
 * error that others were refused with, if any were. @throws CallRefused, or Error when there was no answer
 */
export async function putOnLane(
  caller: KinesisCaller,
  streamName: string,
  ledger: Ledger,
  lane: Lane,
  sizesBytes: readonly number[],
): Promise<string | undefined> {
  const puts = sizesBytes.map((sizeBytes) => ledger.put(lane, sizeBytes))
  const input = { StreamName: streamName, Records: puts.map(requestOf) }
  const { Records } = await caller.call<Answer>('PutRecords', input)
  let refused: string | undefined
  for (const [i, record] of Records.entries())
    if (record.ErrorCode === undefined) ledger.acknowledge(puts[i]!, record)
    else refused = record.ErrorCode
  return refused
}

/** Lanes whose hash keys lie evenly over all shards. */
export const evenLanes = (count: number): readonly Lane[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `lane-${i}`,
    hashKey: (2n ** 128n * BigInt(2 * i + 1)) / BigInt(2 * count),
  }))
