import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { systemRandom } from '@millrace/ports'
import { type ObjectHeaders, ObjectRefused } from '../../../../core/ports/objects.ts'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import { s3WithDefaults } from '../../settings/defaults.ts'
import type { S3Settings } from '../../settings/settings.ts'
import { DeliveryFailed } from '../destination.ts'
import { S3Destination, type S3DestinationSettings } from './s3-destination.ts'

type Put = { readonly bucket: string; readonly key: string; readonly bytes: Buffer; readonly headers: ObjectHeaders }

/** A destination, what it puts, and the refusals that its store begins with. */
function fixture(more: Partial<S3DestinationSettings> = {}, ...refusals: Error[]) {
  const puts: Put[] = []
  const objects = {
    async put(bucket: string, key: string, parts: readonly Uint8Array[], headers: ObjectHeaders = {}) {
      puts.push({ bucket, key, bytes: Buffer.concat(parts), headers })
      const refusal = refusals.shift()
      if (refusal) throw refusal
    },
    get: async () => undefined,
  }
  const given = { RoleARN: 'arn:aws:iam::000000000000:role/any', BucketARN: 'arn:aws:s3:::lake' }
  const settings = { ...s3WithDefaults(given as Parameters<typeof s3WithDefaults>[0]), ...more } as S3Settings
  return { destination: new S3Destination({ objects, random: systemRandom, name: 'd' }, settings), puts }
}

const page = { lane: 'put', next: '1', left: 1, first: 0, end: 0 }
const batchOf = (...texts: string[]) => ({
  id: systemRandom.uuid(),
  version: 1,
  records: texts.map(
    (text): DeliveryRecord => ({ position: 0, recordId: text, arrivalMs: 0, data: Buffer.from(text), page }),
  ),
  firstArrivalMs: Date.UTC(2026, 4, 6, 7, 8, 9),
})

test('each try of a batch has the same key, and the next batch another one', async () => {
  const { destination, puts } = fixture(
    { Prefix: '!{firehose:random-string}/', CompressionFormat: 'GZIP' },
    new ObjectRefused('Timeout', 'no answer'),
  )
  const batch = batchOf('a', 'b')
  await assert.rejects(destination.deliver(batch), DeliveryFailed)
  await destination.deliver(batch)
  await destination.deliver(batchOf('a', 'b'))
  const [first, second, third] = puts.map(({ key }) => key)
  assert.equal(first, second)
  assert.notEqual(second, third)
  assert.equal(gunzipSync(puts[1]!.bytes).toString(), 'ab')
})

test('what is begun while records still come is in the object once, and the same for each try', async () => {
  for (const CompressionFormat of ['GZIP', 'UNCOMPRESSED'] as const) {
    const { destination, puts } = fixture({ CompressionFormat }, new ObjectRefused('Timeout', 'no answer'))
    const { records, ...batch } = batchOf('a', 'b'.repeat(600_000), 'c', 'd')
    const growing: DeliveryRecord[] = []
    for (const upTo of [1, 2, 2, 3]) {
      growing.push(...records.slice(growing.length, upTo))
      destination.ahead(growing)
    }
    growing.push(records[3]!)
    await assert.rejects(destination.deliver({ ...batch, records: growing }), DeliveryFailed)
    await destination.deliver({ ...batch, records: growing })
    for (const { bytes } of puts) {
      const content = CompressionFormat === 'GZIP' ? gunzipSync(bytes) : bytes
      assert.equal(content.toString(), `a${'b'.repeat(600_000)}cd`)
    }
    assert.equal(puts.length, 2)
  }
})

test('error objects, too, have one key for all their tries', async () => {
  const { destination, puts } = fixture({}, new ObjectRefused('Timeout', 'no answer'))
  const { records } = batchOf('a')
  const reason = { errorCode: 'X', errorMessage: 'x', attemptsMade: 1, attemptEndingMs: 0 }
  const failed = [{ record: records[0]!, errorOutputType: 'processing-failed' as const, ...reason }]
  const put = () => destination.deliverErrors('processing-failed', failed, { version: 1, firstArrivalMs: 0 })
  await assert.rejects(put(), DeliveryFailed)
  await put()
  assert.equal(puts[0]!.key, puts[1]!.key)
  assert.match(puts[0]!.key, /^processing-failed\/1970\/01\/01\/00\/d-1-/)
})

test('an object is told what it is, and by which key it shall be encrypted', async () => {
  const AWSKMSKeyARN = 'arn:aws:kms:us-east-1:000000000000:key/k'
  const { destination, puts } = fixture({
    CompressionFormat: 'ZIP',
    EncryptionConfiguration: { NoEncryptionConfig: undefined, KMSEncryptionConfig: { AWSKMSKeyARN } },
  })
  await destination.deliver(batchOf('a'))
  assert.deepEqual(puts[0]!.headers, {
    contentType: 'application/octet-stream',
    contentEncoding: 'zip',
    kmsKeyArn: AWSKMSKeyARN,
  })
  assert.equal(puts[0]!.bucket, 'lake')
})

test('what AWS has a sentence for is told in it, anything else in the words of the store', async () => {
  const cases: [string, string, RegExp][] = [
    ['NoSuchBucket', 'S3.NoSuchBucket', /^The specified bucket does not exist\. Create the bucket or use/],
    ['AccessDenied', 'S3.AccessDenied', /^Access was denied\. Ensure that the trust policy for the provided IAM role/],
    ['KMS.NotFoundException', 'S3.KMS.NotFoundException', /^The provided AWS KMS key was not found\./],
    ['ENOSPC', 'S3.ENOSPC', /^said by the store$/],
  ]
  for (const [code, wanted, sentence] of cases) {
    const { destination } = fixture({}, new ObjectRefused(code, 'said by the store'))
    await assert.rejects(destination.deliver(batchOf('a')), (failed: DeliveryFailed) => {
      assert.equal(failed.code, wanted)
      assert.match(failed.message, sentence)
      return failed instanceof DeliveryFailed
    })
  }
})
