import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as sdk from '@aws-sdk/client-kinesis'
import { streamsFixture } from '../fixture.ts'
import * as operations from './index.ts'

test('each of the 45 commands of the SDK has one operation, and there are no more', () => {
  const commands = Object.keys(sdk).flatMap((name) => (/^\w+Command$/.test(name) ? [name.slice(0, -7)] : []))
  const declared = Object.values(operations).map(({ name }) => name)
  assert.deepEqual(declared.sort(), commands.sort())
  assert.equal(declared.length, 45)
})

test('what comes with another release says so, and is no fault of the caller', async () => {
  const { call } = await streamsFixture()
  const ResourceARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
  const inputs = {
    DeleteResourcePolicy: { ResourceARN },
    GetResourcePolicy: { ResourceARN },
    PutResourcePolicy: { ResourceARN, Policy: '{}' },
    StartStreamEncryption: { StreamName: 's', EncryptionType: 'KMS', KeyId: 'k' },
    StopStreamEncryption: { StreamName: 's', EncryptionType: 'KMS', KeyId: 'k' },
  }
  for (const [name, input] of Object.entries(inputs))
    await assert.rejects(
      call(name, input),
      (error: { code: string; status: number; message: string }) =>
        error.code === 'UnsupportedOperationException' && error.status === 501 && error.message.includes(name),
      name,
    )
})
