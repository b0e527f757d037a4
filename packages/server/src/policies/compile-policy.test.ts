import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import { explain } from './explain.ts'
import { account, allow, by, type Document, documentOf, orders, requestOf } from './fixtures/policy-case.ts'
import { Chance, randomPolicies } from './fixtures/random-policies.ts'
import { MalformedPolicy } from './malformed-policy.ts'
import type { PolicyKind } from './policy.ts'

/*
 * What AWS's IAM answers to documents that are none; the sentences as emulators recorded them from AWS.
 */

const statement = allow('kinesis:PutRecord', orders)
const trusting = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: account } }

/** A document whose statement differs in some elements; an undefined one is left out. */
const but = (elements: Document, of: Document = statement): Document =>
  documentOf(Object.fromEntries(Object.entries({ ...of, ...elements }).filter(([, value]) => value !== undefined)))

const syntax = 'Syntax errors in policy.'
const legacy = 'The policy failed legacy parsing'
const noVendor = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'

/** What is wrong, its kind unless it is an identity's, the sentence. */
const malformed: readonly [unknown, string, PolicyKind?][] = [
  ['no JSON', 'This policy contains invalid Json'],
  ['', 'This policy contains invalid Json'],
  ['{', 'This policy contains invalid Json'],
  [undefined, 'This policy contains invalid Json'],
  ['null', syntax],
  ['[]', syntax],
  ['7', syntax],
  ['"text"', syntax],
  [{}, syntax],
  [{ Version: '2012-10-17' }, syntax],
  [{ Version: '2013-10-17', Statement: statement }, syntax],
  [{ Version: 2012, Statement: statement }, syntax],
  [{ Version: '2012-10-17', Statement: [] }, syntax],
  [{ Version: '2012-10-17', Statement: ['text'] }, syntax],
  [{ Version: '2012-10-17', Statement: [[statement]] }, syntax],
  [{ Version: '2012-10-17', Statement: statement, Extra: 'x' }, syntax],
  [{ Version: '2012-10-17', Statement: statement, Id: {} }, syntax],
  [{ version: '2012-10-17', Statement: statement }, syntax],
  [but({ Extra: 'x' }), syntax],
  [but({ effect: 'Allow' }), syntax],
  [but({ Sid: {} }), syntax],
  [but({ Effect: undefined }), syntax],
  [but({ Effect: 'Permit' }), syntax],
  [but({ Effect: ['Allow'] }), syntax],
  [but({ Effect: 'allow' }), legacy],
  [but({ Effect: 'DENY' }), legacy],
  [but({ Action: {} }), syntax],
  [but({ Action: [[]] }), syntax],
  [but({ Action: [7] }), syntax],
  [but({ Action: null }), syntax],
  [but({ NotAction: 'kinesis:*' }), syntax],
  [but({ Resource: { a: orders } }), syntax],
  [but({ Resource: [orders, {}] }), syntax],
  [but({ NotResource: [] }), syntax],
  [but({ Condition: [] }), syntax],
  [but({ Condition: 'x' }), syntax],
  [but({ Condition: { StringEquals: 'x' } }), syntax],
  [but({ Condition: { StringEquals: [] } }), syntax],
  [but({ Condition: { StringEquals: { a: {} } } }), syntax],
  [but({ Condition: { StringEquals: { a: null } } }), syntax],
  [but({ Condition: { StringEquals: { a: [['x']] } } }), syntax],
  [but({ Condition: { StringIs: { a: 'x' } } }), syntax],
  [but({ Condition: { 'ForSome:StringEquals': { a: 'x' } } }), syntax],
  [but({ Condition: { 'ForAnyValue::StringEquals': { a: 'x' } } }), syntax],
  [but({ Condition: { IfExists: { a: 'x' } } }), syntax],
  [but({ Condition: { NullIfExists: { a: 'true' } } }), syntax],
  [but({ Condition: { Null: { a: 'perhaps' } } }), legacy],
  [but({ Condition: { Null: { a: `\${aws:username}` } } }), legacy],
  [but({ Condition: { NumericEquals: { a: 'ten' } } }), legacy],
  [but({ Condition: { NumericEquals: { a: `\${aws:username}` } } }), legacy],
  [but({ Condition: { DateLessThan: { a: 'soon' } } }), legacy],
  [but({ Condition: { DateLessThan: { a: '2026-02-30' } } }), legacy],
  [but({ Condition: { DateLessThan: { a: '2026-02-03T25:00:00Z' } } }), legacy],
  [but({ Condition: { DateLessThan: { a: '2026-02-03T12:00:00+1' } } }), legacy],
  [but({ Condition: { DateLessThan: { a: '9223372036854775808' } } }), legacy],
  [but({ Condition: { IpAddress: { a: '203.0.113.0/33' } } }), legacy],
  [but({ Condition: { IpAddress: { a: '203.0.113' } } }), legacy],
  [but({ Condition: { IpAddress: { a: '2001:db8::/129' } } }), legacy],
  [but({ Condition: { IpAddress: { a: '2001:db8:::1' } } }), legacy],
  [but({ Condition: { NotIpAddress: { a: ['10.0.0.0/8', 'x'] } } }), legacy],
  [but({ Action: undefined }), 'Policy statement must contain actions.'],
  [but({ Action: [] }), 'Policy statement must contain actions.'],
  [but({ Resource: undefined }), 'Policy statement must contain resources.'],
  [but({ Resource: [] }), 'Policy statement must contain resources.'],
  [but({ Action: 'PutRecord' }), noVendor],
  [but({ Action: '' }), noVendor],
  [but({ NotAction: 'all', Action: undefined }), noVendor],
  [but({ Action: 'kinesis:Put:Record' }), 'Actions/Condition can contain only one colon.'],
  [but({ Action: 'kin esis:PutRecord' }), 'Vendor kin esis is not valid'],
  [but({ Action: 'kin*:PutRecord' }), 'Vendor kin* is not valid'],
  [but({ Resource: 'orders' }), 'Resource orders must be in ARN format or "*".'],
  [but({ Resource: '' }), 'Resource  must be in ARN format or "*".'],
  [but({ Resource: 'a:b' }), 'Partition "b" is not valid for resource "arn:b:*:*:*:*".'],
  [but({ Resource: 'a:b:c:d:e:f:g:h' }), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'],
  [but({ Resource: 'arn:*:kinesis:*:*:*' }), 'Partition "*" is not valid for resource "arn:*:kinesis:*:*:*".'],
  [but({ Resource: 'arn:aws' }), 'Resource vendor must be fully qualified and cannot contain regexes.'],
  [but({ Resource: 'arn:aws:*:*:*:*' }), 'Resource vendor must be fully qualified and cannot contain regexes.'],
  [but({ Resource: 'arn:aws:s3::bucket' }), legacy],
  [but({ Resource: 'arn:aws::us-east-1:1:x' }), legacy],
  [but({ Resource: `arn:aws:kinesis:\${aws:RequestedRegion}:${account}:stream/x` }), legacy],
  [
    documentOf([
      { ...statement, Sid: 'a' },
      { ...statement, Sid: 'a' },
    ]),
    'Statement IDs (SID) in a single policy must be unique.',
  ],
  [
    but({ Sid: 'a b' }),
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  ],
  [but({ Principal: '*' }), 'Policy document should not specify a principal.'],
  [but({ NotPrincipal: '*' }), 'Policy document should not specify a principal.', 'permissions boundary'],
  [but({ Principal: '*' }), 'Policy document should not specify a principal.', 'session policy'],
  [but({}), 'Missing required field Principal', 'resource-based policy'],
  [but({}), 'Missing required field Principal', 'VPC endpoint policy'],
  [but({ Principal: {} }), 'Missing required field Principal cannot be empty!', 'resource-based policy'],
  [but({ Principal: { AWS: [] } }), 'Missing required field Principal cannot be empty!', 'resource-based policy'],
  [but({ Principal: account }), syntax, 'resource-based policy'],
  [but({ Principal: { AWS: 7 } }), syntax, 'resource-based policy'],
  [but({ Principal: '*', NotPrincipal: '*' }), syntax, 'resource-based policy'],
  ...[
    'alice',
    '11112222333',
    '*22223333',
    `arn:aws:iam::${account}:user/*`,
    `arn:aws:iam::${account}:user/`,
    `arn:aws:iam::${account}:group/writers`,
    `arn:aws:iam::*:root`,
    `arn:aws:iam:us-east-1:${account}:user/alice`,
    `arn:aws:sts::${account}:assumed-role/shipping/*`,
    `arn:aws:sts::${account}:assumed-role/shipping`,
    orders,
  ].map((name): [unknown, string, PolicyKind] => [
    but({ Principal: { AWS: name } }),
    `Invalid principal in policy: "AWS":"${name}"`,
    'resource-based policy',
  ]),
  [
    but({ Principal: { Service: 'firehose' } }),
    'Invalid principal in policy: "Service":"firehose"',
    'resource-based policy',
  ],
  [
    but({ Principal: { CanonicalUser: 'x' } }),
    'Invalid principal in policy: "CanonicalUser":"x"',
    'resource-based policy',
  ],
  [but({ Resource: '*' }, trusting), 'Has prohibited field Resource', 'role trust policy'],
  [but({ NotResource: '*' }, trusting), 'AssumeRole policy must not contain resources.', 'role trust policy'],
  [but({ Action: '*' }, trusting), 'AssumeRole policy may only specify STS AssumeRole actions.', 'role trust policy'],
  [
    but({ Action: 'kinesis:*' }, trusting),
    'AssumeRole policy may only specify STS AssumeRole actions.',
    'role trust policy',
  ],
  [but({ Principal: undefined }, trusting), 'Missing required field Principal', 'role trust policy'],
  [
    but({ Principal: undefined, NotPrincipal: '*' }, trusting),
    'AssumeRole policy must not contain NotPrincipal field.',
    'role trust policy',
  ],
  ['{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}', syntax],
  [
    '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":"true"},"\\u0042ool":{"b":"true"}}}}',
    syntax,
  ],
  [
    but({ Action: `kinesis:${'a'.repeat(7000)}` }),
    'Maximum policy size of 6144 bytes exceeded',
    'permissions boundary',
  ],
  [but({ Action: `kinesis:${'a'.repeat(2048)}` }), 'Maximum policy size of 2048 bytes exceeded', 'session policy'],
  [but({ Action: `kinesis:${'a'.repeat(10_240)}` }), 'Maximum policy size of 10240 bytes exceeded'],
]

test('a document that is none is refused with the sentence of AWS', (t) => {
  for (const [document, sentence, kind = 'identity-based policy'] of malformed)
    assert.throws(
      () => compilePolicy(document, kind),
      (error) => {
        assert.ok(error instanceof MalformedPolicy)
        assert.equal(error.message, sentence, JSON.stringify(document))
        return true
      },
      JSON.stringify(document),
    )
  t.diagnostic(`${malformed.length} documents`)
})

test('a refusal names the place', () => {
  const document = documentOf([statement, { ...statement, Condition: { NumericEquals: { 'kinesis:x': 'ten' } } }])
  assert.throws(() => compilePolicy(document, 'identity-based policy'), {
    place: 'Statement[1].Condition.NumericEquals.kinesis:x',
  })
})

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
test('documents that AWS takes are taken', () => {
  const taken: readonly [unknown, PolicyKind?][] = [
    [JSON.stringify(documentOf(statement))],
    [`\n ${JSON.stringify(documentOf(statement), undefined, 4)}${' '.repeat(50_000)}`],
    [{ Statement: statement }],
    [{ Version: '2008-10-17', Id: 'x', Statement: [statement] }],
    [but({ Sid: '' })],
    [
      documentOf([
        { ...statement, Sid: '' },
        { ...statement, Sid: '' },
      ]),
    ],
    [but({ Condition: {} })],
    [but({ Condition: { StringIs: {} } })],
    [but({ Condition: { DateGreaterThan: { a: [] } } })],
    [but({ Condition: { DateLessThanEquals: { a: '2016-12-13T21:20:37.593194+00:00' } } })],
    [but({ Condition: { DateLessThan: { a: '-292275054' } } })],
    [but({ Condition: { NumericLessThan: { a: 10 }, Bool: { b: false } } })],
    [but({ Action: 'kinesis: no such action ' })],
    [but({ Action: 's3-outposts.x:GetObject' })],
    [but({ Resource: 'arn:aws:nosuchservice' })],
    [but({ Resource: [orders, '*'] })],
    [but({ Sid: 'with spaces', Principal: { AWS: account } }), 'resource-based policy'],
    [but({ Principal: { AWS: account, Service: ['firehose.amazonaws.com'] } }), 'resource-based policy'],
    [but({ Principal: { AWS: `arn:aws:iam::${account}:role/a/path/shipping` } }), 'resource-based policy'],
    [but({ Principal: { AWS: `arn:aws:sts::${account}:federated-user/alice` } }), 'resource-based policy'],
    [but({ Principal: { Federated: 'accounts.google.com' } }), 'resource-based policy'],
    [but({ Principal: '*' }), 'VPC endpoint policy'],
    [documentOf(trusting), 'role trust policy'],
    [but({ Action: ['sts:AssumeRole', 'sts:TagSession'] }, trusting), 'role trust policy'],
  ]
  for (const [document, kind = 'identity-based policy'] of taken)
    assert.doesNotThrow(() => compilePolicy(document, kind), JSON.stringify(document).slice(0, 200))
})

test('names of the prototype change nothing, wherever they stand', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']
  const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))
  for (const name of names) {
    const key = JSON.stringify(name)
    const own = `{"Effect":"Allow","Action":"*","Resource":"*"`
    for (const text of [
      `{${key}:{"Statement":[]},"Statement":${own}}}`,
      `{"Statement":${own},${key}:{"x":1}}}`,
      `{"Statement":${own},"Condition":{${key}:{"a":"x"}}}}`,
    ])
      assert.throws(() => compilePolicy(text, 'identity-based policy'), MalformedPolicy, text)
    const asked = `{"Version":"2012-10-17","Statement":${own},"Condition":{"StringLike":{${key}:"*"}}}}`
    const set = { identity: [compilePolicy(asked, 'identity-based policy')] }
    assert.equal(decide(requestOf({}), set).allowed, false)
    assert.equal(decide(requestOf({ keys: JSON.parse(`{${key}:"x"}`) }), set).allowed, true)
    const variable = by('*', allow('*', `arn:aws:kinesis:*:*:stream/\${${name}}`))
    assert.equal(
      decide(requestOf({ asks: { action: `${name}:${name}` } }), {
        identity: [],
        resource: compilePolicy(documentOf(variable), 'resource-based policy'),
      }).allowed,
      false,
    )
  }
  assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), before)
  assert.equal(({} as Record<string, unknown>).x, undefined)
})

test('documents that are broken by chance are refused or taken, and nothing else', (t) => {
  const chance = new Chance(11)
  const kinds: readonly PolicyKind[] = ['identity-based policy', 'resource-based policy', 'role trust policy']
  const odd: readonly unknown[] = [
    null,
    '',
    7,
    -0,
    true,
    [],
    {},
    [[]],
    '*',
    `\${`,
    ':',
    'arn:',
    '::::::',
    '\u0000',
    '\ud800',
  ]
  let taken = 0
  const count = 3000
  for (let i = 0; i < count; i++) {
    const { identity, resource, trust } = randomPolicies(chance)
    const text = JSON.stringify(identity[0] ?? resource ?? trust ?? documentOf(statement))
    const own = identity[0] ? 'identity-based policy' : resource ? 'resource-based policy' : 'role trust policy'
    const kind = chance.is(0.8) ? own : chance.one(kinds)
    const broken = chance.is(0.5) ? withBytesChanged(text, chance) : withValueChanged(JSON.parse(text), odd, chance)
    try {
      const policy = compilePolicy(broken, kind)
      taken++
      explain(requestOf({ keys: { 'aws:username': 'alice' } }), { identity: [policy] })
    } catch (error) {
      assert.ok(error instanceof MalformedPolicy, `${String(error)}: ${JSON.stringify(broken)}`)
    }
  }
  t.diagnostic(`${taken} of ${count} are policies still`)
  assert.ok(taken > 0 && taken < count)
})

function withBytesChanged(text: string, chance: Chance): string {
  const at = chance.below(text.length)
  const inserted = chance.one([
    '',
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\',
    '$',
    '*',
    '\n',
    '\u0000',
    text.slice(at, at + 9),
  ])
  return text.slice(0, at) + inserted + text.slice(at + chance.below(3))
}

/** One value somewhere inside becomes something else. */
function withValueChanged(value: unknown, odd: readonly unknown[], chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.is(0.15)) return chance.one(odd)
  const entries = Object.entries(value)
  if (entries.length === 0) return chance.one(odd)
  const [name, inside] = chance.one(entries)
  const changed = withValueChanged(inside, odd, chance)
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === name ? changed : one))
  return { ...value, [chance.is(0.1) ? String(chance.one(odd)) : name]: changed }
}

test('what is no plain data is refused, too deep or in a circle', () => {
  const circle: Record<string, unknown> = {}
  circle.Statement = circle
  let deep: unknown = []
  for (let i = 0; i < 200_000; i++) deep = [deep]
  const texts = ['['.repeat(200_000) + ']'.repeat(200_000), `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`]
  for (const document of [circle, deep, { Statement: deep }, ...texts, 1n, () => 0, Symbol('x')])
    assert.throws(() => compilePolicy(document, 'identity-based policy'), MalformedPolicy)
})
