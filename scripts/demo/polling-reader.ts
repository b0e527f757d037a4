import { setTimeout as sleep } from 'node:timers/promises'
import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from '@aws-sdk/client-kinesis'
import type { Ledger } from './ledger.ts'
import { readLineage } from './lineage.ts'

/** A shard answers five GetRecords calls each second, to all its readers together. */
const pollEveryMs = 210

/** Reads the whole stream by GetRecords, from the oldest record on, until told to stop. */
export async function readByPolling(client: KinesisClient, streamName: string, ledger: Ledger, signal: AbortSignal) {
  await readLineage(client, streamName, async (shardId) => {
    const first = await client.send(
      new GetShardIteratorCommand({ StreamName: streamName, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    let iterator = first.ShardIterator
    while (iterator && !signal.aborted) {
      const startedAtMs = performance.now()
      const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }))
      for (const { Data } of answer.Records ?? []) ledger.take(shardId, Data!)
      iterator = answer.NextShardIterator
      if (!iterator) return answer.ChildShards ?? []
      await sleep(Math.max(0, pollEveryMs - (performance.now() - startedAtMs)))
    }
    return []
  })
}
