import assert from 'node:assert/strict'
import test from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { AwsError } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import type { AssumeRoleRequest, TemporaryKeys } from '../core/temporary-keys.ts'
import { decide } from '../policies/decide.ts'
import { MemoryCatalog } from '../storage/memory/memory-catalog.ts'
import {
  allow,
  anaArn,
  anaKey,
  document,
  identityFile,
  openStore,
  place,
  readerArn,
  trust,
} from './identity-fixture.ts'
import type { IdentityStore } from './identity-store.ts'

const asked = (more: Partial<AssumeRoleRequest> = {}): AssumeRoleRequest => ({
  roleArn: readerArn,
  sessionName: 'job',
  durationS: 3600,
  policyArns: [],
  tags: [],
  transitiveTagKeys: [],
  ...more,
})

/** The caller that the gateway makes of a key. */
function callerBy(store: IdentityStore, accessKeyId: string, token?: string): Caller {
  const { principal } = store.find(accessKeyId, token)!
  return { accountId: principal.accountId, accessKeyId, identity: principal.identity }
}
const callerOf = (store: IdentityStore, keys: TemporaryKeys) => callerBy(store, keys.accessKeyId, keys.sessionToken)
const find = (store: IdentityStore, keys: TemporaryKeys) => store.find(keys.accessKeyId, keys.sessionToken)
const isCalled = (code: string, sentence: RegExp) => (error: AwsError) => {
  assert.equal(error.code, code)
  assert.match(error.message, sentence)
  return true
}

test('a role’s keys are its session’s: name, ARN, policies and times', async (t) => {
  const { store, clock } = await openStore(t)
  const { keys, arn, id } = store.sessions.assumeRole(callerBy(store, anaKey.id), asked())
  assert.match(keys.accessKeyId, /^ASIA[A-Z2-7]{16}$/)
  assert.equal(keys.secret.length, 40)
  assert.equal(arn, `arn:aws:sts::${place.accountId}:assumed-role/reader/job`)
  const { principal, secret } = find(store, keys)!
  assert.equal(secret, keys.secret)
  assert.equal(principal.identity.arn, arn)
  assert.equal(principal.identity.principalId, id)
  assert.deepEqual(principal.identity.session?.issuer, {
    arn: readerArn,
    principalId: id.split(':')[0],
    name: 'reader',
  })
  assert.equal(principal.identity.session?.expiresAtMs, clock.nowMs() + 3_600_000)
  assert.equal(principal.policies.session, undefined)
  assert.equal(principal.tags.get('team'), 'green')
  assert.deepEqual(principal.keys.get('aws:principalarn'), [readerArn])
  assert.deepEqual(principal.keys.get('aws:userid'), [id])
})

test('keys end to the millisecond', async (t) => {
  const { store, clock } = await openStore(t)
  const { keys } = store.sessions.assumeRole(callerBy(store, anaKey.id), asked({ durationS: 900 }))
  await clock.advance(899_999)
  assert.ok(find(store, keys))
  await clock.advance(1)
  assert.throws(
    () => find(store, keys),
    isCalled('ExpiredTokenException', /^The security token included in the request is expired$/),
  )
})

test('a token opens after a restart, on every server with the same catalog, and on no other', async (t) => {
  const { store, catalog } = await openStore(t)
  const { keys } = store.sessions.assumeRole(callerBy(store, anaKey.id), asked())
  const { store: again } = await openStore(t, document, { catalog })
  assert.ok(find(again, keys))
  const { store: other } = await openStore(t)
  assert.equal(find(other, keys), undefined)
})

test('the key of tokens lies sealed in the catalog', async (t) => {
  const { catalog } = await openStore(t)
  assert.match(catalog.get('secret/session-key')!.value as string, /^sealed secret\/session-key /)
})

test('a token belongs to its key, and a changed one to none', async (t) => {
  const { store } = await openStore(t)
  const begin = () => store.sessions.assumeRole(callerBy(store, anaKey.id), asked()).keys
  const [one, two] = [begin(), begin()]
  assert.equal(store.find(one.accessKeyId, two.sessionToken), undefined)
  assert.equal(store.find(one.accessKeyId, undefined), undefined)
  assert.equal(store.find(anaKey.id, one.sessionToken), undefined)
  const bytes = Buffer.from(one.sessionToken, 'base64')
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i]! ^= 1
    assert.equal(store.find(one.accessKeyId, changed.toString('base64')), undefined, `byte ${i}`)
  }
  for (const cut of [0, 1, 20, bytes.length - 1])
    assert.equal(store.find(one.accessKeyId, bytes.subarray(0, cut).toString('base64')), undefined)
  assert.equal(store.find(one.accessKeyId, `${one.sessionToken} `), undefined)
  assert.equal(store.find(one.accessKeyId, 'A'.repeat(5000)), undefined)
})

test('what changes in the file is so at once for sessions that were begun before', async (t) => {
  const path = await identityFile(t)
  const { store, nextLook } = await openStore(t, path)
  const { keys } = store.sessions.assumeRole(callerBy(store, anaKey.id), asked())
  assert.equal(find(store, keys)?.principal.policies.identity.length, 1)
  const { writeFile } = await import('node:fs/promises')
  const put = async (roles: unknown[]) => {
    await writeFile(path, JSON.stringify({ ...document, roles }))
    await nextLook()
  }
  await put([{ ...document.roles![0], policies: [] }])
  assert.equal(find(store, keys)?.principal.policies.identity.length, 0, 'its policies')
  await put([])
  assert.equal(find(store, keys), undefined, 'the role itself')
  assert.throws(
    () => store.sessions.assumeRole(callerBy(store, anaKey.id), asked()),
    isCalled(
      'AccessDenied',
      new RegExp(`^User: ${anaArn} is not authorized to perform: sts:AssumeRole on resource: ${readerArn}$`),
    ),
  )
})

test('a session lasts as long as its role allows, and an hour where a session began it', async (t) => {
  const { store } = await openStore(t)
  const ana = callerBy(store, anaKey.id)
  const { keys } = store.sessions.assumeRole(ana, asked({ durationS: 7200 }))
  assert.throws(
    () => store.sessions.assumeRole(ana, asked({ durationS: 7201 })),
    isCalled('ValidationError', /exceeds the MaxSessionDuration set for this role\.$/),
  )
  const chained = callerOf(store, keys)
  assert.throws(
    () => store.sessions.assumeRole(chained, asked({ durationS: 3601 })),
    isCalled('ValidationError', /1 hour session limit for roles assumed by role chaining\.$/),
  )
  assert.ok(store.sessions.assumeRole(chained, asked({ durationS: 3600 })))
})

test('session policies narrow: a document, policies with a name, and none that is gone', async (t) => {
  const policies = [{ name: 'list', document: allow('kinesis:List*') }]
  const { store } = await openStore(t, { ...document, policies })
  const ana = callerBy(store, anaKey.id)
  const begin = (more: Partial<AssumeRoleRequest>) => store.sessions.assumeRole(ana, asked(more))
  const { keys, packedPercent } = begin({ policy: JSON.stringify(allow('kinesis:GetRecords')) })
  assert.ok(packedPercent! > 0 && packedPercent! <= 100)
  const { principal } = find(store, keys)!
  const may = (action: string) =>
    decide(
      {
        action,
        resource: `arn:aws:kinesis:${place.region}:${place.accountId}:stream/s`,
        resourceAccountId: place.accountId,
        principal: { accountId: place.accountId, arn: principal.identity.arn, roleArn: readerArn },
        keys: principal.keys,
      },
      principal.policies,
    ).allowed
  assert.deepEqual(['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:PutRecord'].map(may), [
    true,
    false,
    false,
  ])

  const arn = `arn:aws:iam::${place.accountId}:policy/list`
  assert.equal(find(store, begin({ policyArns: [arn] }).keys)?.principal.policies.session?.[0]?.name, 'list')
  assert.throws(
    () => begin({ policyArns: [`${arn}x`] }),
    isCalled('ValidationError', /policy\/listx does not exist or is not attachable\.$/),
  )
  assert.throws(() => begin({ policy: '{"Statement":1}' }), isCalled('MalformedPolicyDocument', /./))
  assert.throws(() => begin({ policy: '{' }), isCalled('MalformedPolicyDocument', /invalid Json/))
})

test('what would not fit into a token is refused, with how much too large it is', async (t) => {
  const { store } = await openStore(t)
  const noise = (i: number) =>
    Buffer.from(Array.from({ length: 96 }, (_, k) => (i * 131 + k * 197 + k * k * i) % 251)).toString('base64')
  const tags = Array.from({ length: 50 }, (_, i) => [`key-${i}-${noise(i)}`.slice(0, 120), noise(i + 50)] as const)
  assert.throws(
    () => store.sessions.assumeRole(callerBy(store, anaKey.id), asked({ tags })),
    isCalled('PackedPolicyTooLarge', /^Packed policy consumes \d{3}% of allotted space/),
  )
})

test('the fullest token is no longer than 4,096 characters', async (t) => {
  const { store } = await openStore(t)
  let longest = 0
  for (let count = 1; count <= 50; count++) {
    const tags = Array.from(
      { length: count },
      (_, i) => [`k${i}`, Buffer.from(crypto.getRandomValues(new Uint8Array(60))).toString('base64')] as const,
    )
    try {
      const { keys } = store.sessions.assumeRole(
        callerBy(store, anaKey.id),
        asked({ tags, sessionName: 's'.repeat(64) }),
      )
      longest = keys.sessionToken.length
      assert.ok(find(store, keys))
    } catch (error) {
      assert.equal((error as AwsError).code, 'PackedPolicyTooLarge')
      break
    }
  }
  assert.ok(longest > 2500 && longest <= 4096, `${longest}`)
})

test('tags of a session win over the role’s; transitive ones go on and stay as they are', async (t) => {
  const roles = [document.roles![0]!, { name: 'next', trustPolicy: trust({ AWS: readerArn }) }]
  const { store } = await openStore(t, { ...document, roles })
  const ana = callerBy(store, anaKey.id)
  const tags = [
    ['team', 'red'],
    ['cost', '7'],
  ] as const
  const { keys } = store.sessions.assumeRole(
    ana,
    asked({ tags, transitiveTagKeys: ['cost'], sourceIdentity: 'ana@example.org' }),
  )
  const { principal } = find(store, keys)!
  assert.deepEqual(principal.keys.get('aws:principaltag/team'), ['red'])
  assert.deepEqual(principal.keys.get('aws:sourceidentity'), ['ana@example.org'])

  const inner = callerOf(store, keys)
  const next = asked({ roleArn: readerArn.replace('reader', 'next') })
  const second = store.sessions.assumeRole(inner, next)
  const { tags: handed, identity } = find(store, second.keys)!.principal
  assert.deepEqual([...handed], [['cost', '7']])
  assert.equal(identity.session?.sourceIdentity, 'ana@example.org')
  assert.equal(second.sourceIdentity, 'ana@example.org')
  const begin = (more: Partial<AssumeRoleRequest>) => () => store.sessions.assumeRole(inner, { ...next, ...more })
  assert.throws(
    begin({ tags: [['Cost', '8']] }),
    isCalled('InvalidParameterValue', /conflicts with a transitive tag key/),
  )
  assert.throws(begin({ sourceIdentity: 'ben' }), isCalled('AccessDenied', /sts:SetSourceIdentity/))
  assert.throws(
    begin({
      tags: [
        ['a', '1'],
        ['A', '2'],
      ],
    }),
    isCalled('InvalidParameterValue', /^Duplicate tag keys/),
  )
  assert.throws(begin({ transitiveTagKeys: ['x'] }), isCalled('InvalidParameterValue', /must be included/))
})

test('a user’s own temporary keys are the user’s, get no more of them, and end with the key', async (t) => {
  const path = await identityFile(t)
  const { store, nextLook } = await openStore(t, path)
  const keys = store.sessions.sessionToken(callerBy(store, anaKey.id), 900)
  const { principal } = find(store, keys)!
  assert.equal(principal.identity.arn, anaArn)
  assert.equal(principal.identity.type, 'IAMUser')
  assert.deepEqual(principal.keys.get('aws:username'), ['ana'])
  assert.ok(principal.keys.get('aws:tokenissuetime'))
  const inner = callerOf(store, keys)
  assert.throws(
    () => store.sessions.sessionToken(inner, 900),
    isCalled('AccessDenied', /^Cannot call GetSessionToken with session credentials$/),
  )
  const { writeFile } = await import('node:fs/promises')
  await writeFile(path, JSON.stringify({ ...document, users: [{ ...document.users![0], accessKeys: [] }] }))
  await nextLook()
  assert.equal(find(store, keys), undefined)
})

test('the server gets keys of a role that trusts the service, and of no other', async (t) => {
  const clock = new ManualClock()
  const { store } = await openStore(t, document, { clock, catalog: new MemoryCatalog() })
  const keys = store.sessions.begin(readerArn, 'my-function', 'lambda.amazonaws.com')
  assert.equal(keys.expiresAtMs, clock.nowMs() + 43_200_000)
  assert.match(find(store, keys)!.principal.identity.arn, /:assumed-role\/reader\/my-function$/)
  assert.throws(
    () => store.sessions.begin(readerArn, 'x', 'firehose.amazonaws.com'),
    /the trust policy of .*reader does not let firehose/,
  )
  assert.throws(
    () => store.sessions.begin(`${readerArn}x`, 'x', 'lambda.amazonaws.com'),
    /there is no role .*readerx in the identity file/,
  )
})
