import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import { startMillrace } from '../../packages/server/src/index.ts'
import { connectionTo } from '../harness/connection.ts'

test('what the SDK puts is in a folder, by the machine’s own clock', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'millrace-ends-'))
  t.after(() => rm(data, { recursive: true, force: true }))
  const server = await startMillrace({ data, limits: 'off', transitionMs: 0 })
  t.after(() => server.stop())
  const firehose = new FirehoseClient({ ...connectionTo(server) })
  t.after(() => firehose.destroy())
  const DeliveryStreamName = 'orders'
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      ExtendedS3DestinationConfiguration: {
        RoleARN: 'arn:aws:iam::000000000000:role/any',
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: 'orders/',
        CompressionFormat: 'GZIP',
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
      },
    }),
  )
  const status = async () =>
    (await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))).DeliveryStreamDescription!
      .DeliveryStreamStatus
  while ((await status()) !== 'ACTIVE');
  const Records = Array.from({ length: 500 }, (_, i) => ({ Data: Buffer.from(`${i}\n`) }))
  await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }))
  const lines = async () => {
    const names = await readdir(join(data, 'buckets/lake'), { recursive: true }).catch(() => [])
    const objects = names
      .filter((name) => name.endsWith('.gz'))
      .map((name) => readFile(join(data, 'buckets/lake', name)))
    return (await Promise.all(objects)).flatMap((bytes) => gunzipSync(bytes).toString().trim().split('\n'))
  }
  let found = await lines()
  while (found.length < 500) found = await lines()
  assert.deepEqual(
    found.map(Number).sort((a, b) => a - b),
    Records.map((_, i) => i),
  )
})
