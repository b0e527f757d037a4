import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import { conditionCases } from './fixtures/condition-cases.ts'
import { evaluationCases } from './fixtures/evaluation-cases.ts'
import { type NaivePolicies, type NaiveRequest, naiveDecision } from './fixtures/naive-evaluator.ts'
import { documentOf, keysOf, type Outcome, type PolicyCase, requestOf } from './fixtures/policy-case.ts'
import { Chance, randomPolicies, randomRequest } from './fixtures/random-policies.ts'
import { statementCases } from './fixtures/statement-cases.ts'
import type { AccessRequest, PolicyKind, PolicySet } from './policy.ts'

/* POLICY_COMPARISONS and POLICY_SEED make it longer, or another one. */
const comparisonCount = Number(process.env.POLICY_COMPARISONS ?? 100_000)
const seed = Number(process.env.POLICY_SEED ?? 1)
const requestsOfSet = 40

test('two evaluators that were written apart decide alike about policies by chance', (t) => {
  const chance = new Chance(seed)
  const pools = [false, true].map((isTrust) =>
    Array.from({ length: 2000 }, () => asked(randomRequest(chance, isTrust))),
  )
  const counts = new Map<Outcome, number>()
  let compared = 0
  while (compared < comparisonCount) {
    const policies = randomPolicies(chance)
    const set = compiled(policies)
    for (let i = 0; i < requestsOfSet; i++, compared++) {
      const { naive: request, compiled } = chance.one(pools[policies.trust ? 1 : 0]!)
      const expected = naiveDecision(request, policies)
      const found = outcome(compiled, set)
      if (found !== expected)
        assert.fail(
          `seed ${seed}, comparison ${compared}: ${found}, by the naive evaluator ${expected}\n` +
            JSON.stringify({ request, policies }, null, 1),
        )
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
  }
  t.diagnostic(`${compared} comparisons: ${[...counts].map(([one, count]) => `${one} ${count}`).join(', ')}`)
  const kinds = new Set<PolicyKind>(['identity-based policy', 'permissions boundary', 'session policy'])
  kinds.add('resource-based policy').add('role trust policy').add('VPC endpoint policy')
  const wanted: Outcome[] = ['allowed', ...[...kinds].flatMap((k): Outcome[] => [`explicit ${k}`, `implicit ${k}`])]
  for (const one of wanted)
    assert.ok((counts.get(one) ?? 0) >= comparisonCount / 500, `${one}: only ${counts.get(one) ?? 0} of ${compared}`)
})

test('the naive evaluator agrees with the tables too', () => {
  const wrong = [...evaluationCases, ...statementCases, ...conditionCases].flatMap((one) => {
    const { keys: _, principal, ...asked } = requestOf(one)
    const documents = (of: PolicyCase['identity']) => of && [of].flat().map((document) => documentOf(document))
    const found = naiveDecision(
      { ...asked, ...principal, keys: listed(one.keys ?? {}) },
      {
        identity: documents(one.identity) ?? [],
        boundary: documents(one.boundary)?.[0],
        session: documents(one.session),
        resource: documents(one.resource)?.[0],
        trust: documents(one.trust)?.[0],
        endpoint: documents(one.endpoint)?.[0],
      },
    )
    return found === one.is ? [] : [`${one.says}: not ${one.is}, but ${found}`]
  })
  assert.deepEqual(wrong, [])
})

function compiled(policies: NaivePolicies): PolicySet {
  return {
    identity: policies.identity.map((document) => compilePolicy(document, 'identity-based policy')),
    boundary: policies.boundary && compilePolicy(policies.boundary, 'permissions boundary'),
    session: policies.session?.map((document) => compilePolicy(document, 'session policy')),
    resource: policies.trust
      ? compilePolicy(policies.trust, 'role trust policy')
      : policies.resource && compilePolicy(policies.resource, 'resource-based policy'),
    endpoint: policies.endpoint && compilePolicy(policies.endpoint, 'VPC endpoint policy'),
  }
}

const listed = (keys: NonNullable<PolicyCase['keys']>): NaiveRequest['keys'] =>
  Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, [values].flat()]))

function asked(naive: NaiveRequest): { naive: NaiveRequest; compiled: AccessRequest } {
  const { action, resource, resourceAccountId, keys, ...principal } = naive
  return { naive, compiled: { action, resource, resourceAccountId, principal, keys: keysOf(keys) } }
}

function outcome(request: AccessRequest, set: PolicySet): Outcome {
  const decision = decide(request, set)
  return decision.allowed ? 'allowed' : `${decision.denial} ${decision.kind}`
}
