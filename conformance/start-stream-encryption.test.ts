import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { docs, sdk, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { base64, Kinesis } from './harness/kinesis.ts'
import { encryptionType, keyId, streamArn, streamName } from './harness/members.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()
const key = { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }

inputCases(kinesis, 'StartStreamEncryption', {
  required: { EncryptionType: encryptionType, KeyId: keyId },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})

docs('a stream is UPDATING while encryption begins, takes records all the time, and then tells its key', async (t) => {
  const { name, arn } = await kinesis.stream(t)
  await kinesis.put(name, 'before')
  await kinesis.call('StartStreamEncryption', { StreamARN: arn, ...key })
  await kinesis.put(name, 'during')
  const { EncryptionType, KeyId } = await kinesis.active(name)
  assert.deepEqual([EncryptionType, KeyId], ['KMS', key.KeyId])
  const { StreamDescription } = await kinesis.call('DescribeStream', { StreamName: name })
  assert.deepEqual([StreamDescription.EncryptionType, StreamDescription.KeyId], ['KMS', key.KeyId])
})

sdk('puts and records say that they are encrypted', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('StartStreamEncryption', { StreamName: name, ...key })
  await kinesis.active(name)
  assert.equal((await kinesis.put(name, 'one')).EncryptionType, 'KMS')
  const Records = [{ Data: base64('two'), PartitionKey: 'p' }]
  const answer = await kinesis.call('PutRecords', { StreamName: name, Records })
  assert.deepEqual([answer.EncryptionType, answer.FailedRecordCount], ['KMS', 0])
  const { Records: records } = await kinesis.call('GetRecords', { ShardIterator: await kinesis.iterator(name) })
  assert.deepEqual(
    records.map((record: { EncryptionType: string; Data: string }) => [record.EncryptionType, record.Data]),
    [
      ['KMS', 'b25l'],
      ['KMS', 'dHdv'],
    ],
  )
})

docs('a stream that is UPDATING takes no other key', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('StartStreamEncryption', { StreamName: name, ...key })
  const answer = await kinesis.ask('StartStreamEncryption', { StreamName: name, ...key })
  if (answer.status !== 200) assertError(answer, 'ResourceInUseException', /not ACTIVE, instead in state UPDATING$/)
})

unverified('only KMS is a type to begin with', async (t) => {
  const { name } = await kinesis.stream(t)
  const answer = await kinesis.ask('StartStreamEncryption', { ...key, StreamName: name, EncryptionType: 'NONE' })
  assertError(answer, 'InvalidArgumentException')
})

docs('a key that does not exist is refused, and the stream stays as it is', async (t) => {
  const { name, accountId } = await kinesis.stream(t)
  const KeyId = `arn:aws:kms:${kinesis.target.region}:${accountId}:alias/conformance-nowhere`
  const answer = await kinesis.ask('StartStreamEncryption', { ...key, StreamName: name, KeyId })
  assertError(answer, 'KMSNotFoundException', `Alias ${KeyId} is not found.`)
  assert.equal((await kinesis.active(name)).EncryptionType, 'NONE')
})

unverified(
  'a key is named by its id or its ARN, and an alias by its ARN, too',
  async (t) => {
    const { name, accountId } = await kinesis.stream(t)
    const arnOf = (resource: string) => `arn:aws:kms:${kinesis.target.region}:${accountId}:${resource}`
    await kinesis.call('StartStreamEncryption', { ...key, StreamName: name, KeyId: arnOf(key.KeyId) })
    assert.equal((await kinesis.active(name)).KeyId, arnOf(key.KeyId))
    const id = '01234567-89ab-cdef-0123-456789abcdef'
    for (const KeyId of [id, arnOf(`key/${id}`)]) {
      const answer = await kinesis.ask('StartStreamEncryption', { ...key, StreamName: name, KeyId })
      assertError(answer, 'KMSNotFoundException', `Key '${arnOf(`key/${id}`)}' does not exist`)
    }
    const elsewhere = `arn:aws:kms:eu-north-1:${accountId}:key/${id}`
    const answer = await kinesis.ask('StartStreamEncryption', { ...key, StreamName: name, KeyId: elsewhere })
    assertError(answer, 'KMSNotFoundException', 'Invalid arn eu-north-1')
  },
  onlyMillrace,
)
