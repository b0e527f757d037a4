import assert from 'node:assert/strict'
import test from 'node:test'
import { ManualClock } from '@millrace/ports'
import { anaKey, benKey } from '../../identity/identity-fixture.ts'
import { account, arnOf, assume, identity, isError, keysIn, kinesis, openServer, sts } from './sts-fixture.ts'

const anybody = { id: 'any', secret: 'any' }

test('who has a key may ask whose it is', async (t) => {
  const { url } = await openServer(t, identity)
  const answer = await sts(url, benKey, { Action: 'GetCallerIdentity' })
  assert.equal(answer.status, 200, answer.text)
  assert.match(
    answer.text,
    /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><GetCallerIdentityResult>/,
  )
  assert.equal(answer.element('Arn'), arnOf('user/ben'))
  assert.equal(answer.element('Account'), account)
  assert.match(answer.element('UserId')!, /^AIDA/)
})

test('a role’s keys open what the role may, as its session', async (t) => {
  const { url } = await openServer(t, identity)
  const assumed = await sts(url, anaKey, assume({ DurationSeconds: '900' }))
  assert.equal(assumed.status, 200, assumed.text)
  assert.equal(assumed.element('Arn'), `arn:aws:sts::${account}:assumed-role/reader/job`)
  assert.equal(assumed.element('PackedPolicySize'), undefined)
  assert.match(assumed.element('Expiration')!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const keys = keysIn(assumed)
  assert.equal((await sts(url, keys, { Action: 'GetCallerIdentity' })).element('Arn'), assumed.element('Arn'))
  const listed = await kinesis(url, keys, 'ListStreams', {})
  assert.equal(listed.status, 200, listed.text)
})

test('a wrong token, another’s, or none: the key is not known', async (t) => {
  const { url } = await openServer(t, identity)
  const keys = keysIn(await sts(url, anaKey, assume()))
  const other = keysIn(await sts(url, anaKey, assume()))
  for (const token of [undefined, other.token, 'x'])
    isError(await sts(url, { ...keys, token }, { Action: 'GetCallerIdentity' }), 403, 'InvalidClientTokenId')
  const answer = await kinesis(url, { ...keys, token: other.token }, 'ListStreams', {})
  assert.equal(JSON.parse(answer.text).__type, 'UnrecognizedClientException')
})

test('keys that are over say so', async (t) => {
  const clock = new ManualClock()
  const { url } = await openServer(t, identity, { clock })
  const keys = keysIn(await sts(url, anaKey, assume({ DurationSeconds: '900' }), clock.nowMs()))
  assert.equal((await kinesis(url, keys, 'ListStreams', {}, clock.nowMs())).status, 200)
  await clock.advance(900_000)
  isError(
    await sts(url, keys, { Action: 'GetCallerIdentity' }, clock.nowMs()),
    403,
    'ExpiredToken',
    /^The security token included in the request is expired$/,
  )
  const { __type } = JSON.parse((await kinesis(url, keys, 'ListStreams', {}, clock.nowMs())).text)
  assert.equal(__type, 'ExpiredTokenException')
})

test('what is asked for wrongly is told in STS’s words', async (t) => {
  const { url } = await openServer(t, identity)
  const at = (more: Record<string, string>) => sts(url, anaKey, assume(more))
  isError(
    await at({ DurationSeconds: '899' }),
    400,
    'ValidationError',
    /'899' at 'durationSeconds' failed .* greater than or equal to 900/,
  )
  isError(await at({ DurationSeconds: '43201' }), 400, 'ValidationError', /less than or equal to 43200/)
  isError(await at({ DurationSeconds: '7200' }), 400, 'ValidationError', /MaxSessionDuration/)
  isError(await at({ RoleSessionName: 'a b' }), 400, 'ValidationError', /roleSessionName/)
  isError(await at({ Policy: '{}' }), 400, 'MalformedPolicyDocument')
  isError(await at({ TokenCode: '123456' }), 403, 'AccessDenied', /MultiFactorAuthentication failed/)
  isError(
    await sts(url, anaKey, { Action: 'AssumeRole' }),
    400,
    'ValidationError',
    /2 validation errors|3 validation errors/,
  )
  isError(
    await sts(url, anaKey, { Action: 'AssumeRoot' }),
    400,
    'InvalidAction',
    /^Could not find operation AssumeRoot for version 2011-06-15$/,
  )
})

test('a user gets temporary keys of its own, and with those no more', async (t) => {
  const { url } = await openServer(t, identity)
  const answer = await sts(url, benKey, { Action: 'GetSessionToken' })
  assert.equal(answer.status, 200, answer.text)
  const keys = keysIn(answer)
  assert.equal((await sts(url, keys, { Action: 'GetCallerIdentity' })).element('Arn'), arnOf('user/ben'))
  isError(
    await sts(url, keys, { Action: 'GetSessionToken' }),
    403,
    'AccessDenied',
    /^Cannot call GetSessionToken with session credentials$/,
  )
})

test('a forged signature opens nothing here either', async (t) => {
  const { url } = await openServer(t, identity)
  isError(await sts(url, { ...anaKey, secret: benKey.secret }, assume()), 403, 'SignatureDoesNotMatch')
  isError(await sts(url, anybody, { Action: 'GetCallerIdentity' }), 403, 'InvalidClientTokenId')
})

test('STS is signed for us-east-1 or for the server’s region, all else for the server’s only', async (t) => {
  const { url } = await openServer(t, identity, { region: 'eu-west-1' })
  const answer = await sts(url, benKey, { Action: 'GetCallerIdentity' })
  assert.equal(answer.status, 200, answer.text)
  const elsewhere = await kinesis(url, anaKey, 'ListStreams', {})
  assert.match(elsewhere.text, /InvalidSignatureException.*Credential should be scoped to a valid region/i)
})

test('keys survive a restart of the server', async (t) => {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const data = await mkdtemp(`${(await import('node:os')).tmpdir()}/millrace-sts-`)
  t.after(() => rm(data, { recursive: true, force: true }))
  const first = await openServer(t, identity, { data })
  const keys = keysIn(await sts(first.url, anaKey, assume()))
  await first.stop()
  const { url } = await openServer(t, identity, { data })
  assert.equal((await sts(url, keys, { Action: 'GetCallerIdentity' })).status, 200)
})

test('without an identity file everybody is the account, and gets keys of any role', async (t) => {
  const { url } = await openServer(t)
  const me = await sts(url, anybody, { Action: 'GetCallerIdentity' })
  assert.equal(me.element('Arn'), arnOf('root'))
  assert.equal(me.element('UserId'), account)
  const assumed = await sts(url, anybody, assume({ RoleArn: 'arn:aws:iam::111122223333:role/path/any' }))
  assert.equal(assumed.element('Arn'), 'arn:aws:sts::111122223333:assumed-role/any/job')
  const keys = keysIn(assumed)
  assert.match(keys.id, /^ASIA[0-9A-F]{16}$/)
  assert.equal((await sts(url, keys, { Action: 'GetCallerIdentity' })).element('Account'), '111122223333')
  assert.equal((await kinesis(url, keys, 'ListStreams', {})).status, 200)
  assert.equal((await sts(url, anybody, { Action: 'GetSessionToken' })).status, 200)
  assert.equal(
    (await sts(url, anybody, { Action: 'GetAccessKeyInfo', AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' })).element('Account'),
    account,
  )
})
