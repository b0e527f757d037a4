import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Faults, parseFaultRules } from './faults.ts'

test('the same seed gives the same faults, another seed others', () => {
  const rules = [{ operation: '*', probability: 0.3, error: 'InternalFailure' }]
  const drawn = (seed: number) => {
    const faults = new Faults({ seed, rules })
    return Array.from({ length: 1000 }, () => (faults.next('PutRecord', 'kinesis') ? 1 : 0))
  }
  assert.deepEqual(drawn(7), drawn(7))
  assert.notDeepEqual(drawn(7), drawn(8))
  const failed = drawn(7).filter(Boolean).length
  assert.ok(failed > 250 && failed < 350, `${failed} of 1000`)
})

test('a rule concerns its own operation, and rules for records only records', () => {
  const error = 'ProvisionedThroughputExceededException'
  const faults = new Faults({ rules: [{ operation: 'PutRecords', probability: 1, records: true, error }] })
  assert.equal(faults.next('PutRecords', 'kinesis'), undefined)
  assert.equal(faults.nextRecord('GetRecords'), undefined)
  assert.equal(faults.nextRecord('PutRecords')?.code, error)
})

test('a wrong rule is refused in one line that names the member', () => {
  const good = { operation: '*', probability: 1, error: 'InternalFailure' }
  const cases: [unknown, RegExp][] = [
    [null, /^faults: rules must be a list/],
    [{ rules: {} }, /^faults: rules must be a list/],
    [{ seed: 1.5, rules: [] }, /^faults: seed must be a whole number/],
    [{ rules: [good, 7] }, /^faults: rules\[1\] must be an object/],
    [{ rules: [{ ...good, probability: 2 }] }, /^faults: rules\[0\]\.probability must be/],
    [{ rules: [{ ...good, probability: '1' }] }, /^faults: rules\[0\]\.probability must be a number/],
    [{ rules: [{ ...good, operation: '' }] }, /^faults: rules\[0\]\.operation must name/],
    [{ rules: [{ ...good, delay: 5 }] }, /^faults: rules\[0\]\.delay is unknown/],
    [{ rules: [{ ...good, records: true }] }, /^faults: rules\[0\]\.records is for PutRecords only/],
    [{ rules: [{ operation: '*', probability: 1 }] }, /^faults: rules\[0\] does nothing/],
  ]
  for (const [rules, message] of cases) assert.throws(() => parseFaultRules(rules), { message }, JSON.stringify(rules))
  assert.deepEqual(parseFaultRules({ rules: [good] }), { seed: 0, rules: [good] })
})
