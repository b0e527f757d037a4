import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { docs, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { encryptionType, keyId, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()
const key = { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }

inputCases(kinesis, 'StopStreamEncryption', {
  required: { EncryptionType: encryptionType, KeyId: keyId },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})

docs('after it records are plain again, and those from before are read as before', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('StartStreamEncryption', { StreamName: name, ...key })
  await kinesis.active(name)
  await kinesis.put(name, 'sealed')
  await kinesis.call('StopStreamEncryption', { StreamName: name, ...key })
  const summary = await kinesis.active(name)
  assert.deepEqual([summary.EncryptionType, summary.KeyId], ['NONE', undefined])
  assert.equal((await kinesis.put(name, 'plain')).EncryptionType, undefined)
  const { Records: records } = await kinesis.call('GetRecords', { ShardIterator: await kinesis.iterator(name) })
  assert.deepEqual(
    records.map((record: { EncryptionType?: string }) => record.EncryptionType),
    ['KMS', undefined],
  )
})

unverified('only KMS is a type to end', async (t) => {
  const { name } = await kinesis.stream(t)
  const answer = await kinesis.ask('StopStreamEncryption', { ...key, StreamName: name, EncryptionType: 'NONE' })
  assertError(answer, 'InvalidArgumentException')
})
