import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import { denialMessage } from './denial-message.ts'
import { conditionCases } from './fixtures/condition-cases.ts'
import { evaluationCases } from './fixtures/evaluation-cases.ts'
import { allow, deny, documentOf, outcomeOf, type PolicyCase, requestOf } from './fixtures/policy-case.ts'
import { statementCases } from './fixtures/statement-cases.ts'

const tables: readonly [string, readonly PolicyCase[]][] = [
  ['which policies decide', evaluationCases],
  ['which requests a statement concerns', statementCases],
  ['when conditions hold', conditionCases],
]

for (const [title, cases] of tables)
  test(`${title}: each row of the table`, (t) => {
    const wrong = cases.flatMap((one) => {
      const found = outcomeOf(one)
      return found === one.is ? [] : [`${one.says}: not ${one.is}, but ${found}`]
    })
    assert.deepEqual(wrong, [])
    t.diagnostic(`${cases.length} rows`)
  })

test('no row of the tables says the same as another', () => {
  const says = tables.flatMap(([, cases]) => cases.map((one) => one.says))
  assert.equal(new Set(says).size, says.length)
  assert.ok(says.length >= 500)
})

test('a decision names the statement that made it', () => {
  const request = requestOf({})
  const policy = compilePolicy(
    documentOf([allow('kinesis:Get*'), { ...allow('kinesis:Put*'), Sid: 'Writers' }]),
    'identity-based policy',
    'producers',
  )
  assert.deepEqual(decide(request, { identity: [policy] }), {
    allowed: true,
    by: [{ kind: 'identity-based policy', policy: 'producers', statement: 'Writers' }],
  })
  const denying = compilePolicy(documentOf([allow('kinesis:*'), deny('kinesis:*')]), 'permissions boundary')
  assert.deepEqual(decide(request, { identity: [policy], boundary: denying }), {
    allowed: false,
    denial: 'explicit',
    kind: 'permissions boundary',
    by: { kind: 'permissions boundary', policy: undefined, statement: '1' },
  })
})

test("a refusal is told in AWS's sentence", () => {
  const say = (resource: string, denial: 'explicit' | 'implicit', kind: 'session policy' | 'identity-based policy') =>
    denialMessage('arn:aws:iam::111122223333:user/alice', 'kinesis:PutRecord', resource, {
      allowed: false,
      denial,
      kind,
    })
  assert.equal(
    say('arn:aws:kinesis:us-east-1:111122223333:stream/orders', 'implicit', 'identity-based policy'),
    'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kinesis:PutRecord on resource: ' +
      'arn:aws:kinesis:us-east-1:111122223333:stream/orders because no identity-based policy allows the kinesis:PutRecord action',
  )
  assert.equal(
    say('arn:aws:kinesis:us-east-1:111122223333:stream/orders', 'explicit', 'identity-based policy'),
    'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kinesis:PutRecord on resource: ' +
      'arn:aws:kinesis:us-east-1:111122223333:stream/orders with an explicit deny in an identity-based policy',
  )
  assert.equal(
    say('*', 'explicit', 'session policy'),
    'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kinesis:PutRecord with an explicit deny in a session policy',
  )
})

test('a pattern that was resolved for one caller is another one for the next', () => {
  const policy = compilePolicy(
    documentOf(allow('*', `arn:aws:kinesis:*:*:stream/\${aws:PrincipalTag/a}/\${aws:PrincipalTag/b}`)),
    'identity-based policy',
  )
  const asks = (a: string, b: string, stream: string) =>
    decide(
      requestOf({
        keys: { 'aws:PrincipalTag/a': a, 'aws:PrincipalTag/b': b },
        asks: { resource: `arn:aws:kinesis:us-east-1:111122223333:stream/${stream}` },
      }),
      { identity: [policy] },
    ).allowed
  assert.equal(asks('x', 'yz', 'x/yz'), true)
  assert.equal(asks('xy', 'z', 'x/yz'), false)
  assert.equal(asks('xy', 'z', 'xy/z'), true)
  assert.equal(asks('x', '1:z', 'x/1:z'), true)
})
