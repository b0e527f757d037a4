import assert from 'node:assert/strict'
import test from 'node:test'
import { allow, anaKey, benKey, trust } from '../../identity/identity-fixture.ts'
import { arnOf, assume, identity, isError, keysIn, kinesis, openServer, sts } from './sts-fixture.ts'

test('whom the trust policy does not name may not assume, whatever else is allowed', async (t) => {
  const { url } = await openServer(t, {
    ...identity,
    users: [...identity.users!.slice(0, 1), { ...identity.users![1]!, policies: [allow('*')] }],
  })
  isError(
    await sts(url, benKey, assume()),
    403,
    'AccessDenied',
    /^User: .*user\/ben is not authorized to perform: sts:AssumeRole on resource: .*role\/reader/,
  )
  isError(
    await sts(url, benKey, assume({ RoleArn: arnOf('role/nobody') })),
    403,
    'AccessDenied',
    /sts:AssumeRole on resource: .*role\/nobody/,
  )
})

test('where the trust policy names the account, the caller’s own policies decide', async (t) => {
  const { url } = await openServer(t, identity)
  const RoleArn = arnOf('role/of-the-account')
  assert.equal((await sts(url, anaKey, assume({ RoleArn }))).status, 200)
  isError(await sts(url, benKey, assume({ RoleArn })), 403, 'AccessDenied')
})

test('an external id is asked for where the trust policy does', async (t) => {
  const { url } = await openServer(t, identity)
  const RoleArn = arnOf('role/partner')
  isError(await sts(url, benKey, assume({ RoleArn })), 403, 'AccessDenied')
  isError(await sts(url, benKey, assume({ RoleArn, ExternalId: 'another' })), 403, 'AccessDenied')
  assert.equal((await sts(url, benKey, assume({ RoleArn, ExternalId: 'the-deal' }))).status, 200)
})

test('a session policy and tags come by the form, and their packed size is told', async (t) => {
  const { url } = await openServer(t, identity)
  const answer = await sts(
    url,
    anaKey,
    assume({
      Policy: JSON.stringify(allow('kinesis:ListShards')),
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'blue',
      'TransitiveTagKeys.member.1': 'team',
    }),
  )
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.element('PackedPolicySize')!, /^\d+$/)
  const refused = await kinesis(url, keysIn(answer), 'ListStreams', {})
  assert.match(JSON.parse(refused.text).message, /because no session policy allows the kinesis:ListStreams action$/)
})

test('from another account both must allow: the trust policy, and the caller’s own', async (t) => {
  const other = '111122223333'
  const withPolicies = (policies: object[]) => ({
    users: [{ name: 'eve', accountId: other, accessKeys: [anaKey], policies: policies as never[] }],
    roles: [
      { name: 'trusts-her', trustPolicy: trust({ AWS: `arn:aws:iam::${other}:user/eve` }) },
      { name: 'trusts-none', trustPolicy: trust({ AWS: arnOf('user/ana') }) },
    ],
  })
  const at = async (url: string, name: string) =>
    (await sts(url, anaKey, assume({ RoleArn: arnOf(`role/${name}`) }))).status
  const without = await openServer(t, withPolicies([]))
  assert.equal((await sts(without.url, anaKey, { Action: 'GetCallerIdentity' })).element('Account'), other)
  assert.deepEqual([await at(without.url, 'trusts-her'), await at(without.url, 'trusts-none')], [403, 403])
  const both = await openServer(t, withPolicies([allow('*')]))
  assert.deepEqual([await at(both.url, 'trusts-her'), await at(both.url, 'trusts-none')], [200, 403])
})
