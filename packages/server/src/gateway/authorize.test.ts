import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { ResourceGuard } from '../core/access.ts'
import { AwsError, validationError } from '../core/aws-error.ts'
import { operation, type Service } from '../core/operation.ts'
import { optional, string, structure } from '../core/shapes.ts'
import type { Principal } from '../identity/credentials.ts'
import { compilePolicy } from '../policies/compile-policy.ts'
import type { PolicyKind } from '../policies/policy.ts'
import { Authorizer, type Circumstances } from './authorize.ts'

const accountId = '000000000000'
const place = { accountId, region: 'us-east-1' }
const thing = 'arn:aws:fake:us-east-1:000000000000:thing/one'

const statement = (given: Readonly<Record<string, unknown>>) => ({ Effect: 'Allow', Resource: '*', ...given })
const document = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements })
const policy = (kind: PolicyKind, ...statements: readonly object[]) => compilePolicy(document(...statements), kind)

function user(given: Partial<Principal> = {}, ...statements: readonly object[]): Principal {
  const of = given.accountId ?? accountId
  return {
    accountId: of,
    identity: { type: 'IAMUser', arn: `arn:aws:iam::${of}:user/alice`, principalId: 'AIDA1', name: 'alice' },
    tags: new Map(),
    policies: { identity: statements.length === 0 ? [] : [policy('identity-based policy', ...statements)] },
    keys: new Map([['aws:username', ['alice']]]),
    ...given,
  }
}

function fixture(guard?: Partial<ResourceGuard>) {
  const use = operation({
    name: 'Use',
    input: structure({ Name: optional(string()), Tag: optional(string()) }),
    resource: ({ Name }) => (Name === undefined ? undefined : `thing/${Name}`),
    handle: async () => ({}),
  })
  const both = operation({
    ...use,
    name: 'Both',
    needs: () => ['one', 'two'].map((name) => ({ action: 'fake:Use', resource: `${thing.slice(0, -3)}${name}` })),
  })
  const keyed = operation({
    ...use,
    name: 'Keyed',
    needs: () => [{ action: 'kms:Decrypt', resource: thing, refusal: 'KMSAccessDeniedException' }],
  })
  const free = operation({ ...use, name: 'Free', needs: () => [] })
  const broken = operation({
    ...use,
    name: 'Broken',
    resource: () => {
      throw new TypeError('of an input that is none')
    },
  })
  const service: Service = {
    name: 'fake',
    targetPrefix: 'Fake_1',
    operations: new Map(),
    context: {},
    ...(guard && { guard: { policyOf: () => undefined, tagsOf: () => undefined, ...guard } }),
  }
  const operations = { use, both, keyed, free, broken }
  const clock = new ManualClock()
  const authorizer = new Authorizer({ place, clock })
  return (
    principal: Principal,
    {
      input = { Name: 'one' },
      name = 'use',
      ...how
    }: Partial<Circumstances> & { input?: object; name?: keyof typeof operations } = {},
  ) => {
    const request = { headers: { 'user-agent': 'tests' }, socket: { remoteAddress: '::ffff:10.1.2.3' } }
    const route = { service, operation: operations[name], protocol: undefined, isPlainJson: false }
    authorizer.authorize(route as never, input, principal, {
      request: request as never,
      door: {},
      invalid: undefined,
      ...how,
    })
  }
}

const denied =
  (why: string, resource = ` on resource: ${thing}`) =>
  (error: unknown) => {
    assert.ok(error instanceof AwsError)
    assert.equal(error.code, 'AccessDeniedException')
    assert.equal(
      error.message,
      `User: arn:aws:iam::000000000000:user/alice is not authorized to perform: fake:Use${resource} ${why}`,
    )
    return true
  }

test('what no policy allows is denied, and the sentence says what was wanted', () => {
  const authorize = fixture()
  const why = 'because no identity-based policy allows the fake:Use action'
  assert.throws(() => authorize(user()), denied(why))
  assert.throws(() => authorize(user({}, statement({ Action: 'fake:Other' }))), denied(why))
  assert.throws(() => authorize(user({}, statement({ Action: 'fake:Use', Resource: `${thing}s` }))), denied(why))
  assert.throws(() => authorize(user(), { input: {} }), denied(why, ''))
})

test('an Allow is enough, and a Deny beside it is the end of it', () => {
  const authorize = fixture()
  const allow = statement({ Action: 'fake:*', Resource: thing })
  authorize(user({}, allow))
  const deny = statement({ Effect: 'Deny', Action: 'fake:Use' })
  assert.throws(() => authorize(user({}, allow, deny)), denied('with an explicit deny in an identity-based policy'))
})

test('every need must be allowed', () => {
  const authorize = fixture()
  authorize(user({}, statement({ Action: 'fake:Use' })), { name: 'both' })
  for (const Resource of [thing, thing.replace('one', 'two')])
    assert.throws(() => authorize(user({}, statement({ Action: 'fake:Use', Resource })), { name: 'both' }), AwsError)
})

test('a need may have an error of its own for whoever may not', () => {
  const refused = {
    code: 'KMSAccessDeniedException',
    message: /is not authorized to perform: kms:Decrypt on resource: /,
  }
  assert.throws(() => fixture()(user({}, statement({ Action: 'fake:*' })), { name: 'keyed' }), refused)
  fixture()(user({}, statement({ Action: 'kms:Decrypt', Resource: thing })), { name: 'keyed' })
})

test('what needs nothing is for everybody', () => {
  fixture()(user({}, statement({ Effect: 'Deny', Action: '*' })), { name: 'free' })
})

test('an input that names its resource is judged before it is looked at closely, another after', () => {
  const authorize = fixture()
  const invalid = validationError('1 validation error detected')
  assert.throws(() => authorize(user(), { invalid }), AwsError)
  authorize(user(), { invalid, input: {} })
  authorize(user(), { invalid, name: 'broken' })
  assert.throws(() => authorize(user(), { name: 'broken' }), TypeError)
})

test("a resource's policy is enough in its own account, and not in another", () => {
  const shared = (accounts: readonly string[]) =>
    document(
      statement({
        Principal: { AWS: accounts.map((id) => `arn:aws:iam::${id}:user/alice`) },
        Action: 'fake:Use',
        Resource: thing,
      }),
    )
  const text = JSON.stringify(shared([accountId, '111111111111']))
  const authorize = fixture({ policyOf: (arn) => (arn === thing ? text : undefined) })
  authorize(user())
  assert.throws(() => authorize(user(), { input: { Name: 'two' } }), AwsError)
  const foreigner = { accountId: '111111111111' }
  assert.throws(() => authorize(user(foreigner)), /because no identity-based policy allows/)
  authorize(user(foreigner, statement({ Action: 'fake:Use' })))
  assert.throws(
    () => authorize(user(foreigner, statement({ Action: 'fake:Use' })), { input: { Name: 'two' } }),
    /because no resource-based policy allows/,
  )
})

test('a policy of a resource is followed when it changes', () => {
  let effect = 'Allow'
  const text = () =>
    JSON.stringify(document(statement({ Effect: effect, Principal: '*', Action: '*', Resource: thing })))
  const authorize = fixture({ policyOf: text })
  authorize(user())
  effect = 'Deny'
  assert.throws(() => authorize(user()), denied('with an explicit deny in a resource-based policy'))
})

test('conditions ask what is known of the request, the caller, the resource and the need', () => {
  const tags = new Map([['Team', 'blue']])
  const authorize = fixture({ tagsOf: (arn) => (arn === thing ? tags : undefined) })
  const asks = (Condition: object) => user({}, statement({ Action: 'fake:Use', Condition }))
  const holds: object[] = [
    { IpAddress: { 'aws:SourceIp': '10.1.0.0/16' } },
    { DateGreaterThan: { 'aws:CurrentTime': '1970-01-01T00:00:00Z' } },
    { NumericGreaterThanEquals: { 'aws:EpochTime': '0' } },
    { Bool: { 'aws:SecureTransport': 'false' } },
    { StringEquals: { 'aws:UserAgent': 'tests' } },
    { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
    { StringEquals: { 'aws:ResourceAccount': accountId } },
    { StringEquals: { 'aws:username': 'alice' } },
    { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
    { Null: { 'aws:SourceVpce': 'true' } },
  ]
  for (const condition of holds) authorize(asks(condition))
  const fails: object[] = [
    { IpAddress: { 'aws:SourceIp': '10.2.0.0/16' } },
    { Bool: { 'aws:SecureTransport': 'true' } },
    { StringEquals: { 'aws:ResourceTag/Team': 'red' } },
    { StringEquals: { 'aws:SourceVpce': 'vpce-0123456789' } },
  ]
  for (const condition of fails) assert.throws(() => authorize(asks(condition)), AwsError, JSON.stringify(condition))
})

test('a private endpoint is known by its id, and what its policy does not allow does not pass', () => {
  const authorize = fixture()
  const door = { vpcEndpointId: 'vpce-0aaaaaaaaa', vpcId: 'vpc-012345678' }
  const other = policy('VPC endpoint policy', statement({ Principal: '*', Action: 'fake:Other' }))
  const Condition = {
    StringEquals: { 'aws:SourceVpce': door.vpcEndpointId, 'aws:SourceVpc': door.vpcId },
    IpAddress: { 'aws:VpcSourceIp': '10.1.2.3' },
    Null: { 'aws:SourceIp': 'true' },
  }
  authorize(user({}, statement({ Action: 'fake:Use', Condition })), { door })
  assert.throws(
    () => authorize(user({}, statement({ Action: 'fake:Use' })), { door: { ...door, policy: other } }),
    denied('because no VPC endpoint policy allows the fake:Use action'),
  )
})

test('a decision costs less than 5 µs', (t: TestContext) => {
  const text = JSON.stringify(
    document(statement({ Principal: { AWS: '111111111111' }, Action: 'fake:Use', Resource: thing })),
  )
  const authorize = fixture({ policyOf: () => text })
  const others = Array.from({ length: 20 }, (_, i) => statement({ Action: `fake:Other${i}`, Resource: `${thing}${i}` }))
  const principal = user({}, ...others, statement({ Action: 'fake:Use', Resource: `${thing.slice(0, -1)}*` }))
  const count = 20_000
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) authorize(principal)
    best = Math.min(best, process.cpuUsage(before).user / count)
  }
  t.diagnostic(`${best.toFixed(2)} µs for a decision, with 22 statements and a policy of the resource`)
  assert.ok(best < 5, `${best} µs`)
})
