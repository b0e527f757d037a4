import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import {
  CreateDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import { startMillrace } from '../../packages/server/src/index.ts'
import { connectionTo } from '../harness/connection.ts'
import { keys, type Program, S3Gateway, skipped } from './s3-gateway.ts'

/* Firehose to a real S3 server. Its credentials come from where AWS's tools have them: here, the environment. */

process.env.AWS_EC2_METADATA_DISABLED = 'true'

for (const [program, skip] of Object.entries(skipped) as [Program, string | undefined][]) {
  test(`${program}: objects are in the bucket, as they were put and with what AWS says of them`, {
    skip,
  }, async (t) => {
    const gateway = await S3Gateway.start(t, program, 'lake')
    const { create, put } = await millrace(t, gateway.endpoint)
    const encodings = {
      UNCOMPRESSED: undefined,
      GZIP: 'gzip',
      ZIP: 'zip',
      Snappy: 'snappy-java',
      HADOOP_SNAPPY: 'hadoop-snappy',
    }
    for (const CompressionFormat of Object.keys(encodings) as (keyof typeof encodings)[]) {
      const name = CompressionFormat.toLowerCase()
      await create(name, { Prefix: `${name}/a b+ü/`, CompressionFormat })
      await put(name, [Buffer.from('one\n'), Buffer.from('two\n')])
    }
    const found = await untilCount(gateway, Object.keys(encodings).length)
    for (const [format, encoding] of Object.entries(encodings)) {
      const object = found.find(({ key }) => key.startsWith(`${format.toLowerCase()}/a b+ü/`))!
      assert.deepEqual([object.contentType, object.contentEncoding], ['application/octet-stream', encoding])
      if (format === 'UNCOMPRESSED') assert.equal(object.bytes.toString(), 'one\ntwo\n')
      if (format === 'GZIP') assert.equal(gunzipSync(object.bytes).toString(), 'one\ntwo\n')
    }
  })

  test(`${program}: an object of 40 MB comes in parts, and is the same bytes`, { skip }, async (t) => {
    const gateway = await S3Gateway.start(t, program, 'lake')
    const { create, put } = await millrace(t, gateway.endpoint)
    await create('large', { BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 8 } })
    const records = Array.from({ length: 40 }, () => randomBytes(1_000_000))
    for (let i = 0; i < records.length; i += 4) await put('large', records.slice(i, i + 4))
    const [object] = await untilCount(gateway, 1)
    assert.ok(object!.bytes.equals(Buffer.concat(records)))
    assert.match(object!.etag, /-5"$/)
  })

  test(`${program}: with wrong keys nothing is taken, the reason is told, and nothing is given up`, {
    skip,
  }, async (t) => {
    const gateway = await S3Gateway.start(t, program, 'lake')
    const stranger = await millrace(t, gateway.endpoint, { ...keys, accessKeyId: 'stranger' })
    await stranger.create('refused')
    await stranger.put('refused', [Buffer.from('x')])
    assert.equal((await stranger.lastError('refused')).code, `S3.${gateway.unknownKey}`)
    const liar = await millrace(t, gateway.endpoint, { ...keys, secretAccessKey: 'wrong' })
    await liar.create('refused')
    await liar.put('refused', [Buffer.from('x')])
    assert.equal((await liar.lastError('refused')).code, 'S3.SignatureDoesNotMatch')
    assert.deepEqual(await gateway.objects('lake'), [])
  })

  test(`${program}: a bucket that is missing is told in AWS’s words, not made, and filled once it is there`, {
    skip,
  }, async (t) => {
    const gateway = await S3Gateway.start(t, program)
    const { create, lastError, put } = await millrace(t, gateway.endpoint)
    await create('early')
    await put('early', [Buffer.from('kept')])
    assert.deepEqual(await lastError('early'), {
      code: 'S3.NoSuchBucket',
      message: 'The specified bucket does not exist. Create the bucket or use a different bucket that does exist.',
    })
    await gateway.createBucket('lake')
    const [object] = await untilCount(gateway, 1)
    assert.equal(object!.bytes.toString(), 'kept')
  })

  test(`${program}: a server that is killed and comes back in the middle costs no record`, { skip }, async (t) => {
    const gateway = await S3Gateway.start(t, program, 'lake')
    const { create, put } = await millrace(t, gateway.endpoint)
    await create('steady', { CompressionFormat: 'GZIP', BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } })
    const wanted = new Set<string>()
    for (let round = 0; round < 60; round++) {
      const lines = Array.from({ length: 50 }, (_, i) => `${round}-${i}`)
      await put(
        'steady',
        lines.map((line) => Buffer.from(`${line} ${'x'.repeat(1000)}\n`)),
      )
      for (const line of lines) wanted.add(line)
      if (round === 20) await gateway.kill()
      if (round === 40) await gateway.run()
      await sleep(20)
    }
    const left = new Set(wanted)
    let objects = 0
    while (left.size > 0) {
      const found = await gateway.objects('lake')
      objects = found.length
      for (const { bytes } of found)
        for (const line of gunzipSync(bytes).toString().split('\n')) left.delete(line.split(' ')[0]!)
      await sleep(100)
    }
    t.diagnostic(`${wanted.size} records in ${objects} objects, none missing`)
  })
}

/** A Millrace whose buckets are the gateway's. */
async function millrace(t: TestContext, s3Endpoint: string, { accessKeyId, secretAccessKey } = keys) {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
  const data = await mkdtemp(join(tmpdir(), 'millrace-ends-'))
  const server = await startMillrace({ data, s3Endpoint, limits: 'off', transitionMs: 0 })
  const firehose = new FirehoseClient({ ...connectionTo(server) })
  t.after(async () => {
    firehose.destroy()
    await server.stop()
    await rm(data, { recursive: true, force: true })
  })
  return {
    async create(DeliveryStreamName: string, settings: Partial<ExtendedS3DestinationConfiguration> = {}) {
      const ExtendedS3DestinationConfiguration = {
        RoleARN: 'arn:aws:iam::000000000000:role/any',
        BucketARN: 'arn:aws:s3:::lake',
        BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 1 },
        ...settings,
      }
      await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName, ExtendedS3DestinationConfiguration }))
    },
    /** Puts as soon as the delivery stream is there. */
    async put(DeliveryStreamName: string, data: readonly Buffer[]) {
      const batch = new PutRecordBatchCommand({ DeliveryStreamName, Records: data.map((Data) => ({ Data })) })
      for (;;) {
        const answer = await firehose.send(batch).catch((error: Error) => error)
        if (!(answer instanceof Error)) return assert.equal(answer.FailedPutCount, 0)
        assert.equal(answer.name, 'ResourceNotFoundException')
        await sleep(10)
      }
    },
    /** The last error of a delivery stream, once there is one. */
    async lastError(name: string): Promise<{ readonly code: string; readonly message: string }> {
      for (;;) {
        const { deliveries } = (await (await fetch(`${server.url}/deliveries`)).json()) as Deliveries
        const error = deliveries.find((delivery) => delivery.name === name)?.lastError
        if (error) return { code: error.code, message: error.message }
        await sleep(20)
      }
    },
  }
}

type Deliveries = {
  readonly deliveries: readonly {
    readonly name: string
    readonly lastError?: { readonly code: string; readonly message: string }
  }[]
}

/** The bucket's objects, once there are so many. */
async function untilCount(gateway: S3Gateway, count: number) {
  for (;;) {
    const objects = await gateway.objects('lake')
    if (objects.length >= count) return objects
    await sleep(50)
  }
}
