import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  KinesisClient,
  PutRecordsCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { AwsError } from '../core/aws-error.ts'
import { EventStream, operation, type Service } from '../core/operation.ts'
import { blob, list, string, structure } from '../core/shapes.ts'
import { gatewayFixture } from './gateway-fixture.ts'

/*
 * The real client, with the handler it takes by itself (HTTP/2 without asking) and with the one of HTTP/1.1, before a
 * service that says what it was told.
 */

const at = new Date(1_700_000_000_123)

for (const [name, handler] of [
  ['its default handler', undefined],
  ['NodeHttpHandler', new NodeHttpHandler()],
] as const)
  test(`the AWS SDK over ${name}: outputs, errors, batches and event streams arrive whole`, async (t) => {
    const { url } = await gatewayFixture(t, { services: [kinesisLike()] })
    const client = new KinesisClient({
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      maxAttempts: 1,
      ...(handler && { requestHandler: handler }),
    })
    t.after(async () => client.destroy())

    const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: 's' }))
    assert.deepEqual(summary.StreamDescriptionSummary?.StreamCreationTimestamp, at)
    assert.match(summary.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/)

    await assert.rejects(client.send(new GetRecordsCommand({ ShardIterator: 'x' })), {
      name: 'ExpiredIteratorException',
      message: 'too old',
    })

    const Records = Array.from({ length: 500 }, (_, i) => ({ Data: new Uint8Array(i), PartitionKey: `${i}` }))
    const put = await client.send(new PutRecordsCommand({ StreamName: 's', Records }))
    assert.deepEqual(
      put.Records?.map(({ SequenceNumber }) => SequenceNumber),
      Records.map(({ Data }) => `${Data.length}`),
    )

    const subscribed = await client.send(
      new SubscribeToShardCommand({ ConsumerARN: 'c', ShardId: 's', StartingPosition: { Type: 'LATEST' } }),
    )
    const seen: string[] = []
    await assert.rejects(
      async () => {
        for await (const event of subscribed.EventStream!) {
          const [record] = event.SubscribeToShardEvent!.Records!
          assert.deepEqual(record!.ApproximateArrivalTimestamp, at)
          seen.push(Buffer.from(record!.Data!).toString())
        }
      },
      { name: 'ResourceNotFoundException' },
    )
    assert.deepEqual(seen, ['first', 'second'])
  })

function kinesisLike(): Service {
  const nowhere = () => undefined
  const named = structure({ StreamName: string() })
  const summary = operation({
    name: 'DescribeStreamSummary',
    input: named,
    resource: nowhere,
    handle: async () => ({ StreamDescriptionSummary: { StreamName: 's', StreamCreationTimestamp: at } }),
  })
  const getRecords = operation({
    name: 'GetRecords',
    input: structure({ ShardIterator: string() }),
    resource: nowhere,
    handle: async () => {
      throw new AwsError('ExpiredIteratorException', 'too old')
    },
  })
  const putRecords = operation({
    name: 'PutRecords',
    input: structure({ Records: list(structure({ Data: blob(), PartitionKey: string() })) }),
    resource: nowhere,
    handle: async (_context, { Records }) => ({
      FailedRecordCount: 0,
      Records: Records.map(({ Data }) => ({ SequenceNumber: `${Data.byteLength}`, ShardId: 's' })),
    }),
  })
  const subscribe = operation({
    name: 'SubscribeToShard',
    input: structure({ ConsumerARN: string() }),
    resource: nowhere,
    handle: async () => new EventStream(subscription()),
  })
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  const operations = new Map([summary, getRecords, putRecords, subscribe].map((one) => [one.name, one as any]))
  return { name: 'kinesis', targetPrefix: 'Kinesis_20131202', operations, context: {} }
}

async function* subscription() {
  for (const text of ['first', 'second']) {
    const record = { Data: Buffer.from(text), PartitionKey: 'k', SequenceNumber: '1', ApproximateArrivalTimestamp: at }
    yield { SubscribeToShardEvent: { Records: [record], ContinuationSequenceNumber: '1', MillisBehindLatest: 0 } }
  }
  throw new AwsError('ResourceNotFoundException', 'the stream is gone')
}
