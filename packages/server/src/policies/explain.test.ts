import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import { describeFinding, describePlace, explain } from './explain.ts'
import { alice, allow, by, deny, documentOf, orders, otherAccount, requestOf } from './fixtures/policy-case.ts'

test('an explanation says of each statement why it does not concern the request', () => {
  const set = {
    identity: [
      compilePolicy(
        documentOf([
          { ...allow('kinesis:Get*'), Sid: 'Readers' },
          allow('kinesis:*', `${orders}-eu`),
          allow('kinesis:*', '*', { StringEquals: { 'aws:PrincipalTag/team': ['red', 'green'] } }),
          allow('kinesis:*', '*', { Bool: { 'aws:SecureTransport': 'true' } }),
          allow('kinesis:Put*'),
        ]),
        'identity-based policy',
        'producers',
      ),
    ],
    resource: compilePolicy(documentOf([by({ AWS: otherAccount }, deny('*'))]), 'resource-based policy'),
  }
  const { decision, findings } = explain(requestOf({ keys: { 'aws:PrincipalTag/team': 'blue' } }), set)
  assert.deepEqual(decision, {
    allowed: true,
    by: [{ kind: 'identity-based policy', policy: 'producers', statement: '4' }],
  })
  assert.deepEqual(
    findings.map((finding) => `${describePlace(finding.place)} ${describeFinding(finding)}`),
    [
      'statement Readers of the identity-based policy producers does not concern it: Action lists kinesis:Get*; the request asks for kinesis:PutRecord',
      `statement 1 of the identity-based policy producers does not concern it: Resource lists ${orders}-eu; the request is for ${orders}`,
      'statement 2 of the identity-based policy producers does not concern it: StringEquals wants aws:PrincipalTag/team red, green; the request has blue',
      'statement 3 of the identity-based policy producers does not concern it: Bool wants aws:SecureTransport true; the request has no such key',
      'statement 4 of the identity-based policy producers allows it',
      `statement 0 of the resource-based policy does not concern it: Principal lists ${otherAccount}; the request is by ${alice.arn}`,
    ],
  )
})
