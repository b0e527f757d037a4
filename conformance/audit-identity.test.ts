import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { anaKey, benKey } from '../packages/server/src/identity/identity-fixture.ts'
import { assume, identity, keysIn, kinesis, openServer, sts } from '../packages/server/src/services/sts/sts-fixture.ts'

/* Who is in the audit trail where users are known: users, sessions of roles, and who was refused. */

// biome-ignore lint/suspicious/noExplicitAny: what a file holds is what the test asks
type Found = any

async function opened(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-audit-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = await openServer(t, identity, { trail: folder, trailDataEvents: 'all' })
  const records = async (): Promise<Found[]> => {
    await server.stop()
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.gz'))
      .flatMap((name) => JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString()).Records)
  }
  return { url: server.url, records }
}

test('a role is assumed and used: both calls name who, and no secret of the session is in either', async (t) => {
  const { url, records } = await opened(t)
  const policy = '{"Version":"2012-10-17","Statement":[{"Sid":"canary","Effect":"Allow","Action":"*","Resource":"*"}]}'
  const assumed = await sts(url, anaKey, assume({ ExternalId: 'canary-external', Policy: policy }))
  assert.equal(assumed.status, 200, assumed.text)
  const keys = keysIn(assumed)
  assert.equal((await kinesis(url, keys, 'ListStreams', {})).status, 200)
  const [first, second] = await records()

  assert.deepEqual([first.eventSource, first.eventName, first.readOnly], ['sts.amazonaws.com', 'AssumeRole', true])
  assert.equal(first.userIdentity.type, 'IAMUser')
  assert.equal(first.userIdentity.userName, 'ana')
  assert.equal(first.userIdentity.accessKeyId, anaKey.id)
  assert.equal(first.requestParameters.roleArn, 'arn:aws:iam::000000000000:role/reader')
  assert.equal(first.requestParameters.roleSessionName, 'job')
  assert.equal(first.responseElements.credentials.accessKeyId, keys.id)
  assert.match(first.responseElements.credentials.expiration, /^[A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d:\d\d [AP]M$/)
  assert.equal(first.responseElements.assumedRoleUser.arn, 'arn:aws:sts::000000000000:assumed-role/reader/job')
  assert.deepEqual(first.resources, [
    { accountId: '000000000000', type: 'AWS::IAM::Role', ARN: 'arn:aws:iam::000000000000:role/reader' },
  ])

  assert.equal(second.eventName, 'ListStreams')
  const { sessionContext, ...session } = second.userIdentity
  assert.equal(session.type, 'AssumedRole')
  assert.equal(session.arn, 'arn:aws:sts::000000000000:assumed-role/reader/job')
  assert.match(session.principalId, /^AROA[A-Z0-9]+:job$/)
  assert.equal(session.accessKeyId, keys.id)
  assert.equal(sessionContext.sessionIssuer.arn, 'arn:aws:iam::000000000000:role/reader')
  assert.equal(sessionContext.sessionIssuer.userName, 'reader')
  assert.match(sessionContext.attributes.creationDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

  const text = JSON.stringify([first, second])
  for (const secret of [keys.secret, keys.token!, anaKey.secret, 'canary']) assert.ok(!text.includes(secret), secret)
})

test('who may not is recorded as AccessDenied with the sentence he was told, whoever is unknown not at all', async (t) => {
  const { url, records } = await opened(t)
  const answer = await kinesis(url, benKey, 'DeleteStream', { StreamName: 'orders' })
  const { __type, message } = JSON.parse(answer.text)
  assert.equal(__type, 'AccessDeniedException')
  await kinesis(url, benKey, 'PutRecord', { StreamName: 'orders', Data: 'Y2FuYXJ5', PartitionKey: 'canary' })
  await kinesis(url, { ...benKey, secret: 'wrong' }, 'DeleteStream', { StreamName: 'orders' })
  await kinesis(url, { id: 'AKIANOBODYNOBODYNOBO', secret: 'x' }, 'DeleteStream', { StreamName: 'orders' })
  const [denied, put, ...more] = await records()
  assert.deepEqual(more, [])
  assert.deepEqual([denied.errorCode, denied.errorMessage], ['AccessDenied', message])
  assert.match(
    denied.errorMessage,
    /user\/ben is not authorized to perform: kinesis:DeleteStream on resource: arn:aws:/,
  )
  assert.deepEqual([denied.requestParameters, denied.responseElements], [null, null])
  assert.deepEqual([put.eventName, put.errorCode, put.eventCategory], ['PutRecord', 'AccessDenied', 'Data'])
  assert.equal(put.resources[0].ARN, 'arn:aws:kinesis:us-east-1:000000000000:stream/orders')
  assert.ok(!/canary|Y2FuYXJ5/.test(JSON.stringify(put)))
})
