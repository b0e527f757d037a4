import { request } from 'node:http'
import { decodeEventFrames } from '@millrace/formats'
import { authorization, CallRefused, type KinesisCaller } from './kinesis-caller.ts'
import type { Arrivals } from './soak-load.ts'
import type { FoundRecord, Page } from './stream-contents.ts'

/*
 * Two kinds of readers that follow a shard for as long as is asked: GetRecords, and SubscribeToShard. The soak's clock
 * makes jumps of hours, so iterators expire and subscriptions end: each goes on after the last record that it has.
 */

type Position =
  | { readonly type: 'TRIM_HORIZON' }
  | { readonly type: 'AFTER_SEQUENCE_NUMBER'; readonly sequenceNumber: string }

const pauseMs = 20
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Reads until `isOver` and there is nothing left. */
export async function pollShard(
  caller: KinesisCaller,
  streamName: string,
  shardId: string,
  arrivals: Arrivals,
  isOver: () => boolean,
): Promise<void> {
  let position: Position = { type: 'TRIM_HORIZON' }
  let iterator: string | undefined
  for (;;) {
    const wasOver = isOver()
    try {
      iterator ??= await iteratorAt(caller, streamName, shardId, position)
      const page: Page = await caller.call<Page>('GetRecords', { ShardIterator: iterator, Limit: 5000 })
      for (const { Data } of page.Records) arrivals.take(Data)
      const last = page.Records.at(-1)
      if (last) position = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: last.SequenceNumber }
      iterator = page.NextShardIterator
      if (last === undefined && wasOver) return
      if (last === undefined) await pause(pauseMs)
    } catch (error) {
      if (!(error instanceof CallRefused && error.code === 'ExpiredIteratorException')) throw error
      iterator = undefined
    }
  }
}

async function iteratorAt(
  caller: KinesisCaller,
  streamName: string,
  shardId: string,
  position: Position,
): Promise<string> {
  const { ShardIterator } = await caller.call<{ ShardIterator: string }>('GetShardIterator', {
    StreamName: streamName,
    ShardId: shardId,
    ShardIteratorType: position.type,
    ...(position.type === 'AFTER_SEQUENCE_NUMBER' && { StartingSequenceNumber: position.sequenceNumber }),
  })
  return ShardIterator
}

/** Is pushed to until `isOver` and everything up to then has come. */
export async function followShard(
  port: number,
  consumerArn: string,
  shardId: string,
  arrivals: Arrivals,
  isOver: () => boolean,
): Promise<void> {
  let position: Position = { type: 'TRIM_HORIZON' }
  for (let isCaughtUp = false; !isCaughtUp; ) {
    await subscription(port, consumerArn, shardId, position, (records, behindMs) => {
      for (const { Data } of records) arrivals.take(Data)
      const last = records.at(-1)
      if (last) position = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: last.SequenceNumber }
      isCaughtUp = isOver() && behindMs === 0
      return isCaughtUp
    })
    if (!isCaughtUp) await pause(pauseMs)
  }
}

type PushedEvent = { readonly Records: readonly FoundRecord[]; readonly MillisBehindLatest: number }

/** One call of SubscribeToShard. Resolves when it ends, or `take` says that it is enough. */
function subscription(
  port: number,
  consumerArn: string,
  shardId: string,
  position: Position,
  take: (records: readonly FoundRecord[], behindMs: number) => boolean,
): Promise<void> {
  const StartingPosition = {
    Type: position.type,
    ...(position.type === 'AFTER_SEQUENCE_NUMBER' && { SequenceNumber: position.sequenceNumber }),
  }
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'Kinesis_20131202.SubscribeToShard',
    'x-amz-date': '20260101T000000Z',
    authorization,
  }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent: false }, (answer) => {
      let rest: Uint8Array = new Uint8Array(0)
      answer.on('data', (chunk: Buffer) => {
        if (answer.statusCode !== 200) return // too soon after the one before: the next try will do
        const decoded = decodeEventFrames(rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]))
        rest = decoded.rest
        for (const { headers: told, payload } of decoded.frames) {
          if (told[':event-type'] !== 'SubscribeToShardEvent') continue
          const event = JSON.parse(Buffer.from(payload).toString()) as PushedEvent
          if (take(event.Records, event.MillisBehindLatest)) sent.destroy()
        }
      })
      answer.on('error', () => resolve())
      answer.on('close', () => resolve())
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ ConsumerARN: consumerArn, ShardId: shardId, StartingPosition }))
  })
}
