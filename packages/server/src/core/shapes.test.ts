import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, integer, list, optional, parseInput, string, stringMap, structure, type Wire } from './shapes.ts'

const wire: Wire = { blob: (value) => value as Uint8Array, timestamp: (value) => value as Date }

const shape = structure({
  StreamName: string({ min: 1, max: 4, pattern: '[a-z]+' }),
  Limit: optional(integer({ min: 1, max: 10 })),
  DryRun: optional(boolean()),
  Tags: optional(stringMap({ min: 1, max: 2 }, { min: 0, max: 2 })),
  Names: optional(list(string({ min: 2 }))),
})

const read = (body: unknown) => parseInput(shape, body, wire)

test('all types are checked before any constraint', () => {
  assert.throws(() => read({ StreamName: 'TOO LONG', Limit: 'x' }), {
    code: 'SerializationException',
    message: 'class java.lang.String can not be converted to an Integer',
  })
})

test('wrong types are told in the words of AWS', () => {
  const number = 'class com.amazon.coral.value.json.numbers.TruncatingBigNumber'
  const cases: [unknown, string][] = [
    [{ StreamName: 5 }, `${number} can not be converted to an String`],
    [{ StreamName: true }, 'class java.lang.Boolean can not be converted to an String'],
    [{ StreamName: [] }, 'Start of list found where not expected'],
    [{ StreamName: {} }, 'Start of structure or map found where not expected.'],
    [{ DryRun: 1 }, `${number} can not be converted to an Boolean`],
    [{ DryRun: 'maybe' }, "'MAYBE' can not be converted to an Boolean"],
    [{ Names: 'x' }, 'Expected list or null'],
    [{ Names: {} }, 'Start of structure or map found where not expected.'],
    [{ Tags: 'x' }, 'Expected map or null'],
    [[], 'Start of list found where not expected'],
  ]
  for (const [body, message] of cases)
    assert.throws(() => read(body), { code: 'SerializationException', message }, JSON.stringify(body))
})

test('all broken constraints stand in one sentence', () => {
  assert.throws(() => read({ Limit: 0, Names: ['ab', 'c'] }), {
    code: 'ValidationException',
    message:
      "3 validation errors detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null; " +
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
      "Value 'c' at 'names.2.member' failed to satisfy constraint: Member must have length greater than or equal to 2",
  })
})

test('a list that is too long is told with what its members have, and not with what they lack', () => {
  const member = structure({ Name: string(), Note: optional(string()) })
  const tooMany = { Members: [{ Name: 'a' }, { Name: 'b', Note: 'c' }] }
  assert.throws(() => parseInput(structure({ Members: list(member, { max: 1 }) }), tooMany, wire), {
    message:
      "1 validation error detected: Value '[{Name=a}, {Name=b, Note=c}]' at 'members' failed to satisfy constraint: " +
      'Member must have length less than or equal to 1',
  })
})

test('null is as good as left out, and what is not declared is not there', () => {
  assert.deepEqual(read({ StreamName: 'a', Limit: null, Other: 1 }), {
    StreamName: 'a',
    Limit: undefined,
    DryRun: undefined,
    Tags: undefined,
    Names: undefined,
  })
})

test('words are read as booleans, and fractions cut off', () => {
  assert.equal(read({ StreamName: 'a', DryRun: 'Yes' }).DryRun, true)
  assert.equal(read({ StreamName: 'a', DryRun: '0' }).DryRun, false)
  assert.equal(read({ StreamName: 'a', Limit: 9.9 }).Limit, 9)
})
