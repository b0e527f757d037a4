import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Clock, ManualClock, systemClock } from '@millrace/ports'
import { S3Objects } from './s3-objects.ts'
import { type Fault, s3StandIn } from './s3-stand-in-fixture.ts'

/* The SDK looks for credentials where the machine has them: here, in the environment alone. */
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
})

const mebibyte = 1024 * 1024

async function fixture(t: TestContext, fault?: Fault, clock: Clock = systemClock) {
  const standIn = await s3StandIn(t, fault)
  const objects = new S3Objects({ endpoint: standIn.endpoint, region: 'eu-central-1', clock })
  t.after(() => objects.close())
  return { ...standIn, put: objects.put.bind(objects), get: objects.get.bind(objects) }
}

test('an object is put whole, with its checksum and what is said of it, under the address of its bucket', async (t) => {
  const { objects, put, requests } = await fixture(t)
  const kmsKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/k'
  const headers = {
    contentType: 'application/octet-stream',
    contentEncoding: 'gzip',
    kmsKeyArn,
    storageClass: 'GLACIER_IR',
  }
  await put('lake', 'a/b //c', [Buffer.from('one'), Buffer.from('two')], headers)
  assert.equal(objects.get('/lake/a/b //c')?.toString(), 'onetwo')
  assert.equal(requests.length, 1)
  const said = requests[0]!.headers
  assert.equal(said['content-type'], 'application/octet-stream')
  assert.equal(said['content-encoding'], 'gzip')
  assert.equal(said['x-amz-server-side-encryption'], 'aws:kms')
  assert.equal(said['x-amz-server-side-encryption-aws-kms-key-id'], kmsKeyArn)
  assert.equal(said['x-amz-storage-class'], 'GLACIER_IR')
  assert.match(said.authorization!, /Credential=any\/\d{8}\/eu-central-1\/s3\//)
})

test('nothing is said of encryption where none is asked for', async (t) => {
  const { put, requests } = await fixture(t)
  await put('lake', 'a', [])
  assert.equal(requests[0]!.headers['x-amz-server-side-encryption'], undefined)
})

test('a large object is uploaded in parts of 8 MiB, a few at once, and is the same bytes', async (t) => {
  const { objects, put, requests, uploads } = await fixture(t)
  const bytes = Buffer.alloc(20 * mebibyte + 1, 'abcdefg')
  await put('lake', 'large', [bytes.subarray(0, 9_000_000), bytes.subarray(9_000_000)], { contentEncoding: 'zip' })
  assert.ok(objects.get('/lake/large')!.equals(bytes))
  assert.equal(uploads.size, 0)
  const parts = requests.filter(({ query }) => query.has('partNumber'))
  const sizes = parts.map(({ body }) => body.byteLength).sort((a, b) => b - a)
  assert.deepEqual(sizes, [8 * mebibyte, 8 * mebibyte, 4 * mebibyte + 1])
  const create = requests.find(({ query }) => query.has('uploads'))!
  assert.equal(create.headers['content-encoding'], 'zip')
  assert.equal(create.headers['x-amz-checksum-algorithm'], 'CRC32')
})

test('when a part is refused, the upload is given up and leaves no parts behind', async (t) => {
  const { objects, put, requests, uploads } = await fixture(t, ({ query }) =>
    query.get('partNumber') === '2' ? { status: 403, code: 'AccessDenied' } : undefined,
  )
  await assert.rejects(put('lake', 'large', [Buffer.alloc(100 * mebibyte)]), { code: 'AccessDenied' })
  assert.deepEqual([objects.size, uploads.size], [0, 0])
  assert.equal(requests.at(-1)!.method, 'DELETE')
  assert.ok(requests.length < 10, `${requests.length}`) // not all 13 parts
})

test('a refusal has the code of S3 and its words', async (t) => {
  const codes: [number, string][] = [
    [404, 'NoSuchBucket'],
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [400, 'KMS.NotFoundException'],
    [405, 'MethodNotAllowed'],
  ]
  const left = [...codes]
  const { put } = await fixture(t, () => {
    const [status, code] = left.shift()!
    return { status, code }
  })
  for (const [, code] of codes)
    await assert.rejects(put('lake', 'a', []), { code, message: `${code} was made to happen` })
})

test('a short trouble of the service is not a failure', async (t) => {
  let left = 2
  const { objects, put } = await fixture(t, () => (left-- > 0 ? { status: 503, code: 'SlowDown' } : undefined))
  await put('lake', 'a', [Buffer.from('x')])
  assert.equal(objects.size, 1)
})

test('nobody at the address, and a put that is stopped, have names of their own', async (t) => {
  const nobody = new S3Objects({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', clock: systemClock })
  t.after(() => nobody.close())
  await assert.rejects(nobody.put('lake', 'a', []), { code: 'ConnectionFailed' })
  const { put } = await fixture(t)
  await assert.rejects(put('lake', 'a', [], {}, AbortSignal.abort()), { code: 'Aborted' })
})

test('an object is read back, one that is not there is none, and one that is too large is refused', async (t) => {
  const { get, put } = await fixture(t)
  await put('lake', 'a', [Buffer.from('four')])
  assert.equal(Buffer.from((await get('lake', 'a', 4))!).toString(), 'four')
  assert.equal(await get('lake', 'b', 4), undefined)
  await assert.rejects(get('lake', 'a', 3), { code: 'EntityTooLarge' })
  const broken = await fixture(t, () => ({ status: 403, code: 'AccessDenied' }))
  await assert.rejects(broken.get('lake', 'a', 3), { code: 'AccessDenied' })
})

test('a put that is under way when it is told to stop may end, and is broken off when it takes too long', async (t) => {
  const clock = new ManualClock()
  const quick = gate()
  const { objects, put } = await fixture(t, quick.hold, clock)
  const stopping = new AbortController()
  const first = put('lake', 'a', [Buffer.from('x')], {}, stopping.signal)
  await quick.arrived
  stopping.abort()
  quick.open()
  await first
  assert.equal(objects.size, 1)
  await assert.rejects(put('lake', 'b', [], {}, stopping.signal), { code: 'Aborted' })

  const slow = gate()
  const other = await fixture(t, slow.hold, clock)
  const impatient = new AbortController()
  const broken = assert.rejects(other.put('lake', 'c', [], {}, impatient.signal), { code: 'Aborted' })
  await slow.arrived
  impatient.abort()
  await clock.advance(5000)
  await broken
  slow.open()
})

/** Holds answers back until it is opened. */
function gate() {
  const here = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<undefined>()
  const hold = () => {
    here.resolve()
    return opened.promise
  }
  return { hold, arrived: here.promise, open: () => opened.resolve(undefined) }
}
