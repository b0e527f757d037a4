import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveredObjects } from './delivered-objects.ts'
import { KinesisCaller } from './kinesis-caller.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { isOpen, listShards, makeStream, whenActive } from './stream-contents.ts'

/*
 * A Kinesis stream that Firehose delivers, killed with -9 while it is split and merged: the parents before the children, no
 * record lost, and not more than the batches on their way come again.
 */

const streamName = 'clicks'
const keys = Array.from({ length: 16 }, (_, i) => `key${i}`)
/** The object that was on its way: its records may be parts of the next objects, too. */
const repeatsPerKillMax = 3

test('kill -9 in the middle of a split and of a merge loses nothing, and no child overtakes its parents', async (t) => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const data = join(folder.path, 'data')
  const delivered = new DeliveredObjects(join(data, 'buckets', 'lake'))
  const acknowledged = new Map(keys.map((key) => [key, 0]))
  let server = await ServerProcess.start({ data, entry: 'bin' })
  let caller = new KinesisCaller(server.port)
  await makeStream(caller, streamName, 1)
  await createDelivery(server)

  const putRounds = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      const next = keys.map((key) => [key, acknowledged.get(key)!] as const)
      const line = ([key, n]: readonly [string, number]) => Buffer.from(`${key}-${n} ${'x'.repeat(3000)}\n`)
      const Records = next.map((of) => ({ PartitionKey: of[0], Data: line(of).toString('base64') }))
      await caller.call('PutRecords', { StreamName: streamName, Records })
      for (const [key, n] of next) acknowledged.set(key, n + 1)
    }
  }
  const killAndStart = async () => {
    await server.kill()
    caller.close()
    delivered.look()
    server = await ServerProcess.start({ data, entry: 'bin' })
    caller = new KinesisCaller(server.port)
    await whenActive(caller, streamName)
  }
  const reshards: (() => Promise<unknown>)[] = [
    async () => {
      const [shard] = (await listShards(caller, streamName)).filter(isOpen)
      const at = { ShardToSplit: shard!.ShardId, NewStartingHashKey: `${2n ** 127n}` }
      return caller.call('SplitShard', { StreamName: streamName, ...at })
    },
    async () => {
      const [a, b] = (await listShards(caller, streamName)).filter(isOpen)
      const both = { ShardToMerge: a!.ShardId, AdjacentShardToMerge: b!.ShardId }
      return caller.call('MergeShards', { StreamName: streamName, ...both })
    },
  ]
  for (const reshard of reshards) {
    await putRounds(60)
    await Promise.all([putRounds(30), reshard()])
    await whenActive(caller, streamName)
    await putRounds(30) // to the children, while the parent's last records are on their way
    await sleep(300)
    await killAndStart()
    await putRounds(60)
    await sleep(1100)
    await killAndStart()
  }
  const isMissing = () => {
    delivered.look()
    return keys.some((key) => !delivered.times.has(`${key}-${acknowledged.get(key)! - 1}`))
  }
  while (isMissing()) await sleep(50)
  await sleep(1500) // an object that comes again would be there by now
  delivered.look()
  caller.close()
  await server.stop()

  const total = [...acknowledged.values()].reduce((sum, count) => sum + count, 0)
  const kills = 2 * reshards.length
  t.diagnostic(`${total} records in ${delivered.objects.length} objects; ${delivered.repeats} objects came again`)
  assert.deepEqual(delivered.faults, [])
  assert.equal(delivered.times.size, total, 'every record is there')
  assert.ok(delivered.repeats <= kills * repeatsPerKillMax, `${delivered.repeats} objects again`)
  for (const { key, names } of delivered.objects)
    for (const of of keys) {
      const piece = names.filter((name) => name.startsWith(`${of}-`)).map((name) => Number(name.slice(of.length + 1)))
      const expected = piece.map((_, i) => piece[0]! + i)
      assert.deepEqual(piece, expected, `${key} has a piece of ${of} without a gap`)
    }
})

async function createDelivery({ port }: ServerProcess): Promise<void> {
  const firehose = new KinesisCaller(port, 1, 'Firehose_20150804')
  const RoleARN = 'arn:aws:iam::000000000000:role/any'
  const DeliveryStreamName = 'lake'
  const KinesisStreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`
  await firehose.call('CreateDeliveryStream', {
    DeliveryStreamName,
    DeliveryStreamType: 'KinesisStreamAsSource',
    KinesisStreamSourceConfiguration: { KinesisStreamARN, RoleARN },
    ExtendedS3DestinationConfiguration: {
      ...{ RoleARN, BucketARN: 'arn:aws:s3:::lake', CompressionFormat: 'GZIP' },
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 },
    },
  })
  for (let status = ''; status !== 'ACTIVE'; await sleep(5)) {
    const answer = await firehose.call<{ DeliveryStreamDescription: { DeliveryStreamStatus: string } }>(
      'DescribeDeliveryStream',
      { DeliveryStreamName },
    )
    status = answer.DeliveryStreamDescription.DeliveryStreamStatus
  }
  firehose.close()
}
