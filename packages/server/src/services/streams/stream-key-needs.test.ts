import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Need } from '../../core/access.ts'
import type { LogKeys } from '../../core/ports/keys.ts'
import { streamsFixture } from './fixture.ts'

const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/k'
const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

const keys: LogKeys = {
  create: async () => ({ dataKey: 1, keyArn }),
  allow: () => undefined,
  async remove() {},
  async forget() {},
}

test('who puts or reads needs the key of the stream, too, unless it is the own one of AWS', async () => {
  const { activeStream, call, clock, service } = await streamsFixture({ parts: { keys } })
  await activeStream('s')
  const position = { StreamName: 's', ShardId: 'shardId-000000000000', ShardIteratorType: 'LATEST' }
  const { ShardIterator } = await call('GetShardIterator', position)
  const inputs = {
    PutRecord: { StreamName: 's' },
    PutRecords: { StreamARN },
    GetRecords: { ShardIterator },
    SubscribeToShard: { ConsumerARN: `${StreamARN}/consumer/c:1` },
  }
  const needed = () =>
    Object.entries(inputs).map(([name, input]) => service.operations.get(name)!.needs!(input, service.context))
  const actions = () => needed().map((needs) => needs.map(({ action }) => action))
  const plain = Object.keys(inputs).map((name) => [`kinesis:${name}`])
  assert.deepEqual(actions(), plain)
  for (const KeyId of ['alias/aws/kinesis', 'arn:aws:kms:us-east-1:000000000000:alias/aws/kinesis']) {
    await call('StartStreamEncryption', { StreamName: 's', EncryptionType: 'KMS', KeyId })
    await clock.advance(1000)
    assert.deepEqual(actions(), plain)
  }
  await call('StartStreamEncryption', { StreamName: 's', EncryptionType: 'KMS', KeyId: 'alias/orders' })
  await clock.advance(1000)
  assert.deepEqual(actions(), [
    ['kinesis:PutRecord', 'kms:GenerateDataKey'],
    ['kinesis:PutRecords', 'kms:GenerateDataKey'],
    ['kinesis:GetRecords', 'kms:Decrypt'],
    ['kinesis:SubscribeToShard', 'kms:Decrypt'],
  ])
  const own = needed().map(([, need]) => need as Need)
  for (const { keys: conditions, refusal, resource } of own) {
    assert.deepEqual([refusal, resource], ['KMSAccessDeniedException', keyArn])
    assert.deepEqual(conditions!.get('kms:encryptioncontext:aws:kinesis:arn'), [StreamARN])
    assert.deepEqual(conditions!.get('kms:viaservice'), ['kinesis.us-east-1.amazonaws.com'])
  }
})
