import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type KeyRefusal, KeyRefused, type LogKeys, type SecretBox } from '../../core/ports/keys.ts'
import type { Outbound } from '../../core/ports/outbound.ts'
import type { DeliveryStream } from './delivery-stream.ts'
import { hasOpenSecrets } from './destination-secrets.ts'
import { retired } from './encryption.ts'
import { backupBucket, FirehoseInMemory } from './testing/firehose-in-memory.ts'

const dayMs = 24 * 3_600_000
const DeliveryStreamName = 'd'
const customer = { KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN: 'arn:aws:kms:us-east-1:000000000000:key/k' }
const s3 = { ExtendedS3DestinationConfiguration: backupBucket }

const noNetwork = { close() {} } as unknown as Outbound

class CountedKeys implements LogKeys {
  readonly made: string[] = []
  readonly kept = new Set<number>()
  refusal: KeyRefusal | undefined

  async create(keyId: string) {
    if (this.refusal) throw new KeyRefused(this.refusal, 'the words of the key service')
    const dataKey = this.made.push(keyId)
    this.kept.add(dataKey)
    return { dataKey, keyArn: keyId }
  }

  allow(): undefined | Promise<void> {
    if (this.refusal) return Promise.reject(new KeyRefused(this.refusal, 'the words of the key service'))
  }

  async remove(dataKey: number): Promise<void> {
    this.kept.delete(dataKey)
  }

  async forget(): Promise<void> {
    this.kept.clear()
  }
}

function fixture(t: TestContext) {
  const keys = new CountedKeys()
  const firehose = new FirehoseInMemory(noNetwork, undefined, { keys })
  t.after(() => firehose.stop())
  const described = async () => {
    const answer = await firehose.call('DescribeDeliveryStream', { DeliveryStreamName })
    // biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
    return answer.DeliveryStreamDescription as any
  }
  const configuration = async () => (await described()).DeliveryStreamEncryptionConfiguration
  const begin = (input?: object) =>
    firehose.call('StartDeliveryStreamEncryption', {
      DeliveryStreamName,
      ...(input && { DeliveryStreamEncryptionConfigurationInput: input }),
    })
  const end = () => firehose.call('StopDeliveryStreamEncryption', { DeliveryStreamName })
  const isEncrypted = async () =>
    (await firehose.call('PutRecord', { DeliveryStreamName, Record: { Data: 'd' } })).Encrypted
  const settled = () => firehose.clock.advance(100)
  return { keys, firehose, described, configuration, begin, end, isEncrypted, settled }
}

test('encryption passes through ENABLING, in which nothing is encrypted, and ends through DISABLING', async (t) => {
  const { begin, configuration, end, firehose, isEncrypted, keys, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  assert.deepEqual([await configuration(), await isEncrypted()], [{ Status: 'DISABLED' }, false])
  await begin()
  assert.deepEqual((await configuration()).Status, 'ENABLING')
  assert.equal(await isEncrypted(), false)
  await settled()
  const owned = { KeyType: 'AWS_OWNED_CMK', Status: 'ENABLED', FailureDescription: undefined }
  assert.deepEqual([await configuration(), await isEncrypted()], [owned, true])
  assert.deepEqual(keys.made, ['alias/aws/firehose'])
  await end()
  assert.deepEqual((await configuration()).Status, 'DISABLING')
  await settled()
  assert.deepEqual([await configuration(), await isEncrypted()], [{ Status: 'DISABLED' }, false])
})

test('a delivery stream may be made encrypted; where its key is refused, it is CREATING_FAILED', async (t) => {
  const { configuration, described, firehose, isEncrypted, keys, settled } = fixture(t)
  const input = { ...s3, DeliveryStreamEncryptionConfigurationInput: customer }
  await firehose.create(DeliveryStreamName, input)
  const enabled = { ...customer, Status: 'ENABLED', FailureDescription: undefined }
  assert.deepEqual([await configuration(), await isEncrypted()], [enabled, true])
  await firehose.call('DeleteDeliveryStream', { DeliveryStreamName })
  await settled()
  assert.equal(keys.kept.size, 0)
  keys.refusal = 'not found'
  await firehose.create(DeliveryStreamName, input)
  const { DeliveryStreamStatus, FailureDescription } = await described()
  assert.equal(DeliveryStreamStatus, 'CREATING_FAILED')
  assert.deepEqual(FailureDescription, { Type: 'KMS_KEY_NOT_FOUND', Details: 'the words of the key service' })
  await firehose.call('DeleteDeliveryStream', { DeliveryStreamName })
})

test("a key that is refused leaves ENABLING_FAILED with AWS's word for it, and the key before in use", async (t) => {
  const { begin, configuration, firehose, isEncrypted, keys, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  const types = {
    'access denied': 'KMS_ACCESS_DENIED',
    disabled: 'DISABLED_KMS_KEY',
    'invalid state': 'INVALID_KMS_KEY',
    'not found': 'KMS_KEY_NOT_FOUND',
    'opt-in required': 'KMS_OPT_IN_REQUIRED',
    unreachable: 'UNKNOWN_ERROR',
  } as const
  for (const [refusal, Type] of Object.entries(types)) {
    keys.refusal = refusal as KeyRefusal
    await begin(customer)
    await settled()
    const { FailureDescription, Status } = await configuration()
    assert.deepEqual([Status, FailureDescription.Type], ['ENABLING_FAILED', Type])
    keys.refusal = undefined
    assert.equal(await isEncrypted(), false)
  }
  await begin()
  await settled()
  keys.refusal = 'disabled'
  await begin(customer)
  await settled()
  keys.refusal = undefined
  assert.deepEqual([(await configuration()).Status, await isEncrypted()], ['ENABLING_FAILED', true])
})

test('puts answer InvalidKMSResourceException while the key is refused, and it is counted', async (t) => {
  const { begin, firehose, isEncrypted, keys, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  await begin(customer)
  await settled()
  keys.refusal = 'disabled'
  const refused = { code: 'InvalidKMSResourceException', members: { code: 'DisabledException' } }
  await assert.rejects(isEncrypted(), refused)
  assert.ok(firehose.metrics.get('KMSKeyDisabled')! >= 1)
  keys.refusal = undefined
  assert.equal(await isEncrypted(), true)
})

test('what cannot be asked for is refused: no ARN, one too many, twice at once, too often', async (t) => {
  const { begin, end, firehose, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  await assert.rejects(begin({ KeyType: 'CUSTOMER_MANAGED_CMK' }), { code: 'InvalidArgumentException' })
  await assert.rejects(begin({ ...customer, KeyType: 'AWS_OWNED_CMK' }), { code: 'InvalidArgumentException' })
  await begin()
  await assert.rejects(begin(), { code: 'ResourceInUseException' })
  await assert.rejects(end(), { code: 'ResourceInUseException' })
  await settled()
  for (let i = 0; i < 24; i++) {
    await (i % 2 ? begin() : end())
    await settled()
  }
  await assert.rejects(begin(), { code: 'LimitExceededException' })
  await assert.rejects(end(), { code: 'LimitExceededException' })
})

test('a data key is replaced after a day, under the same master key', async (t) => {
  const { begin, configuration, firehose, keys, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  await begin(customer)
  await settled()
  await firehose.clock.advance(dayMs)
  assert.equal((await configuration()).Status, 'ENABLED')
  assert.deepEqual(keys.made, [customer.KeyARN, customer.KeyARN])
  assert.deepEqual([...keys.kept], [1, 2])
})

test('data keys of before are kept for two days, which what they sealed does not wait', () => {
  const sealedBy = (dataKey: number | undefined, retiredKeys?: DeliveryStream['retiredKeys']) =>
    ({ encryption: { status: 'ENABLED', key: customer, dataKey }, retiredKeys }) as unknown as DeliveryStream
  const first = retired(sealedBy(1), sealedBy(2), 1000)
  assert.deepEqual(first, { retiredKeys: [{ dataKey: 1, retiredMs: 1000 }], gone: [] })
  const later = retired(sealedBy(2), sealedBy(undefined, first.retiredKeys), 1000 + 2 * dayMs)
  assert.deepEqual([later.retiredKeys.length, later.gone], [2, []])
  assert.deepEqual(retired(sealedBy(3), sealedBy(3, later.retiredKeys), 1001 + 2 * dayMs).gone, [1])
})

test('work that waits for tomorrow does not hold up what is asked for today', async (t) => {
  const { begin, described, firehose, settled } = fixture(t)
  await firehose.create(DeliveryStreamName, s3)
  await begin()
  await settled()
  await firehose.call('DeleteDeliveryStream', { DeliveryStreamName })
  await settled()
  await assert.rejects(described(), { code: 'ResourceNotFoundException' })
})

/** One that shows what it was asked to do. */
const shown: SecretBox = {
  seal: async (name, secret) => `sealed:1:7:${Buffer.from(`${name}|${secret}`).toString('base64')}`,
  open: async (name, sealed) => {
    if (!sealed.startsWith('sealed:1:7:')) return sealed
    const [bound, secret] = Buffer.from(sealed.slice(11), 'base64').toString().split('|')
    assert.equal(bound, name)
    return secret!
  },
}

test('secrets of destinations lie sealed in the catalog, and those of before are sealed at the next start', async (t) => {
  const secret = 'a-secret-of-the-destination'
  const endpoint = { Url: 'https://example.com/', AccessKey: secret }
  const http = {
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: endpoint,
      S3Configuration: backupBucket,
      RoleARN: backupBucket.RoleARN,
    },
  }
  const splunk = {
    SplunkDestinationConfiguration: {
      HECEndpoint: 'https://splunk.example.com:8088',
      HECEndpointType: 'Event',
      HECToken: secret,
      S3Configuration: backupBucket,
    },
  }
  const before = new FirehoseInMemory(noNetwork)
  await before.create('old', http)
  await before.stop()
  const stored = (name: string) =>
    before.kept.storage.catalog.get(`delivery-stream/${name}`)?.value as unknown as DeliveryStream
  assert.ok(await hasOpenSecrets(stored('old')))
  const firehose = new FirehoseInMemory(noNetwork, before.kept, { secrets: shown })
  t.after(() => firehose.stop())
  await firehose.create('new', splunk)
  for (const name of ['old', 'new']) {
    assert.ok(!(await hasOpenSecrets(stored(name))), name)
    assert.ok(!JSON.stringify(stored(name)).includes(secret))
  }
  const { DeliveryStreamDescription } = await firehose.call('DescribeDeliveryStream', { DeliveryStreamName: 'new' })
  assert.match(JSON.stringify(DeliveryStreamDescription), new RegExp(`"HECToken":"${secret}"`))
})

test('what reads like a sealed secret is not taken as a secret, whichever way it is written', async (t) => {
  const firehose = new FirehoseInMemory(noNetwork, undefined, { secrets: shown })
  t.after(() => firehose.stop())
  const refused = { name: 'InvalidArgumentException', message: /must not begin with sealed/ }
  const splunk = (HECToken: string) => ({
    SplunkDestinationConfiguration: {
      ...{ HECEndpoint: 'https://splunk.example.com:8088', HECEndpointType: 'Event', HECToken },
      S3Configuration: backupBucket,
    },
  })
  const search = (user: string) => ({
    ElasticsearchDestinationConfiguration: {
      ...{ ClusterEndpoint: `https://${user}@example.com`, IndexName: 'i' },
      ...{ RoleARN: backupBucket.RoleARN, S3Configuration: backupBucket },
    },
  })
  await assert.rejects(firehose.create('a', splunk('sealed:1:1:of-another')), refused)
  await assert.rejects(firehose.create('b', search('sealed:1:1:x')), refused)
  await assert.rejects(firehose.create('c', search('sealed%3A1%3A1%3Ax')), refused)
  await firehose.create('d', search('sealed%3Aby%zz:100%'))
  await firehose.create('e', splunk('sealed'))
  const update = { SplunkDestinationUpdate: { HECToken: 'sealed:1:1:of-another' } }
  const which = {
    DeliveryStreamName: 'e',
    CurrentDeliveryStreamVersionId: '1',
    DestinationId: 'destinationId-000000000001',
  }
  await assert.rejects(firehose.call('UpdateDestination', { ...which, ...update }), refused)
})
