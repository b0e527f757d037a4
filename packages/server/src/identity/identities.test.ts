import assert from 'node:assert/strict'
import test from 'node:test'
import { identitiesOf } from './identities.ts'
import { allow, anaArn, anaKey, benKey, document, place, readerArn, trust } from './identity-fixture.ts'
import { IdentityError } from './identity-reader.ts'

test('a user is known by its key, with policies of its own and of its groups', () => {
  const { keys, users } = identitiesOf(document, place)
  const { principal, secret } = keys.get(benKey.id)!
  assert.equal(secret, benKey.secret)
  assert.equal(principal.identity.arn, `arn:aws:iam::${place.accountId}:user/ben`)
  assert.match(principal.identity.principalId, /^AIDA[A-Z2-7]{17}$/)
  assert.equal(principal.policies.identity.length, 1, 'the group’s')
  assert.equal(users.get(anaArn)?.keys.get('aws:principaltag/team')?.[0], 'blue')
  assert.deepEqual(users.get(anaArn)?.keys.get('aws:username'), ['ana'])
})

test('a path is in the ARN, another account too, and China has a partition of its own', () => {
  const users = [{ name: 'eve', path: '/ops/', accountId: '999999999999' }]
  assert.deepEqual([...identitiesOf({ users }, place).users.keys()], ['arn:aws:iam::999999999999:user/ops/eve'])
  const china = identitiesOf({ users: [{ name: 'eve' }] }, { ...place, region: 'cn-north-1' })
  assert.deepEqual([...china.users.keys()], [`arn:aws-cn:iam::${place.accountId}:user/eve`])
})

test('ids of users and roles are the same after every reading', () => {
  const ids = () => {
    const { users, roles } = identitiesOf(document, place)
    return [users.get(anaArn)!.identity.principalId, roles.get(readerArn)!.id]
  }
  assert.deepEqual(ids(), ids())
})

test('a key that is inactive is nobody’s', () => {
  const users = [{ name: 'ana', accessKeys: [{ ...anaKey, status: 'Inactive' as const }] }]
  assert.equal(identitiesOf({ users }, place).keys.size, 0)
})

test('a policy with a name serves whoever names it, also as a boundary', () => {
  const policies = [{ name: 'all', document: allow('*') }]
  const users = [{ name: 'ana', policies: ['all'], permissionsBoundary: 'all' }]
  const { identity, boundary } = identitiesOf({ users, policies }, place).users.get(anaArn)!.policies
  assert.equal(identity[0]?.name, 'all')
  assert.equal(boundary?.kind, 'permissions boundary')
})

const user = { name: 'ana' }
const wrong: [what: string, given: unknown, sentence: RegExp][] = [
  ['a list', [], /^the file must be an object$/],
  ['a field that nobody knows', { user: [] }, /^user is not known: there are users, groups, roles, policies$/],
  [
    'a field of a user that nobody knows',
    { users: [{ ...user, keys: [] }] },
    /^users\[0\]\.keys is not known: there are name, /,
  ],
  ['a user without a name', { users: [{}] }, /^users\[0\]\.name is missing$/],
  ['a name with a slash', { users: [{ name: 'a/b' }] }, /^users\[0\]\.name must be 1 to 128 letters/],
  ['users that are no list', { users: {} }, /^users must be a list$/],
  [
    'a short secret',
    { users: [{ ...user, accessKeys: [{ ...anaKey, secret: 'hunter2' }] }] },
    /^users\[0\]\.accessKeys\[0\]\.secret must be 16 to/,
  ],
  [
    'a key that looks temporary',
    { users: [{ ...user, accessKeys: [{ ...anaKey, id: 'ASIAANAANAANAANAANAA' }] }] },
    /^users\[0\]\.accessKeys\[0\]\.id must be 16 to 128/,
  ],
  [
    'a user that occurs twice',
    { users: [user, { name: 'ANA', path: '/x/' }] },
    /^users\[1\]\.name "ANA" occurs twice$/,
  ],
  [
    'a key that occurs twice',
    {
      users: [
        { ...user, accessKeys: [anaKey] },
        { name: 'b', accessKeys: [anaKey] },
      ],
    },
    /^users\[1\]\.accessKeys\[0\]\.id "AKIAANA.*" occurs twice$/,
  ],
  [
    'a group that is not there',
    { users: [{ ...user, groups: ['x'] }] },
    /^users\[0\]\.groups\[0\] there is no group "x"$/,
  ],
  [
    'a policy that is not there',
    { users: [{ ...user, policies: ['x'] }] },
    /^users\[0\]\.policies\[0\] there is no policy "x" under "policies"$/,
  ],
  [
    'a policy without statements',
    { users: [{ ...user, policies: [{ Version: '2012-10-17', Statement: undefined }] }] },
    /^users\[0\]\.policies\[0\] must be an IAM policy/,
  ],
  [
    'an action without a service',
    { users: [{ ...user, policies: [allow('PutRecord')] }] },
    /^users\[0\]\.policies\[0\]\.Statement\[0\].*: Actions\/Conditions must be prefaced by a vendor/,
  ],
  [
    'a named policy that is none',
    { policies: [{ name: 'p', document: allow('PutRecord') }] },
    /^policies\[0\]\.document\.Statement\[0\]/,
  ],
  [
    'a named policy that occurs twice',
    {
      policies: [
        { name: 'p', document: allow('*') },
        { name: 'p', document: allow('*') },
      ],
    },
    /^policies\[1\]\.name "p" occurs twice$/,
  ],
  ['a role that says not who may assume it', { roles: [{ name: 'r' }] }, /^roles\[0\]\.trustPolicy is missing/],
  [
    'a trust policy with a resource',
    { roles: [{ name: 'r', trustPolicy: allow('sts:AssumeRole') }] },
    /^roles\[0\]\.trustPolicy/,
  ],
  [
    'a role whose sessions are too long',
    { roles: [{ name: 'r', trustPolicy: trust('*'), maxSessionDuration: 60 }] },
    /^roles\[0\]\.maxSessionDuration must be/,
  ],
  [
    'tags that differ by case only',
    { users: [{ ...user, tags: { a: '1', A: '2' } }] },
    /^users\[0\]\.tags\.A occurs twice/,
  ],
  ['a tag that is no text', { users: [{ ...user, tags: { a: 1 } }] }, /^users\[0\]\.tags\.a must be a text/],
  ['prototypes', JSON.parse('{"users":[{"name":"a","__proto__":{"x":1}}]}'), /^users\[0\]\.__proto__ is not known/],
  [
    'an account that is none',
    { users: [{ ...user, accountId: '12' }] },
    /^users\[0\]\.accountId must be twelve digits$/,
  ],
]
for (const [what, given, sentence] of wrong)
  test(`${what} is refused in one line that names the place`, () => {
    assert.throws(
      () => identitiesOf(given, place),
      (error: unknown) => {
        assert.ok(error instanceof IdentityError, `${error}`)
        assert.match(error.message, sentence)
        assert.ok(!error.message.includes('\n') && !error.message.includes('hunter2'))
        return true
      },
    )
  })
