import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValue, Item } from './attribute-value.ts'
import { holds } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import { Placeholders } from './placeholders.ts'
import { parseProjection, project } from './projection.ts'
import { applyUpdate } from './update.ts'
import { parseUpdate } from './update-parser.ts'

type Given = {
  readonly names?: Readonly<Record<string, string>>
  readonly values?: Readonly<Record<string, AttributeValue>>
}

const placeholders = ({ names, values }: Given = {}) =>
  new Placeholders({
    ExpressionAttributeNames: names && new Map(Object.entries(names)),
    ExpressionAttributeValues: values && new Map(Object.entries(values)),
  })

const values = {
  ':zero': { N: '0' },
  ':one': { N: '1' },
  ':two': { N: '2' },
  ':a': { S: 'a' },
  ':abc': { S: 'abc' },
  ':n': { S: 'N' },
  ':bytes': { B: 'YWI=' },
  ':set': { SS: ['x'] },
  ':list': { L: [{ N: '1' }] },
  ':nothing': { NULL: true },
} satisfies Record<string, AttributeValue>

const item: Item = {
  n: { N: '1' },
  s: { S: 'abc' },
  b: { B: 'YWJj' },
  tags: { SS: ['x', 'y'] },
  numbers: { NS: ['1', '2'] },
  lst: { L: [{ S: 'a' }, { M: { deep: { N: '2' } } }] },
  doc: { M: { 'a.b': { S: 'dotted' }, nested: { L: [] } } },
  yes: { BOOL: true },
}

const isSo = (text: string, names?: Readonly<Record<string, string>>) =>
  holds(parseCondition('ConditionExpression', text, placeholders({ values, ...(names && { names }) })), item)

test('conditions hold where they should', () => {
  for (const text of [
    'n = :one',
    'n <> :two AND n < :two AND n <= :one AND n > :zero AND n >= :one',
    'absent <> :one',
    'NOT absent = :one',
    'NOT (n = :two)',
    'not n = :two and not attribute_exists(absent)',
    'n BETWEEN :zero AND :two',
    'n between :one and :one',
    'n IN (:two, :one)',
    's IN (:a, :abc)',
    'attribute_exists(lst[1].deep)',
    'attribute_not_exists(lst[2])',
    'attribute_not_exists(doc.nowhere.deeper)',
    'attribute_type(n, :n)',
    'begins_with(s, :a)',
    'begins_with(b, :bytes)',
    'contains(s, :a) AND contains(lst, :a) AND contains(numbers, :two) AND contains(b, :bytes)',
    'size(s) > size(tags)',
    'size(lst) = :two',
    'size(doc) = :two',
    'lst[1].deep = :two',
    'absent = :one OR n = :one',
    'n = :one OR absent = :one AND absent = :two',
    '(n = :one)',
    '(n = :one OR n = :two) AND (s = :abc)',
    '((n) = :one)',
    '\tn\n=\r:one ',
  ])
    assert.equal(isSo(text), true, text)
})

test('conditions do not hold where they should not', () => {
  for (const text of [
    'n = :a',
    'absent = :one',
    'absent < :one',
    's < :one',
    'begins_with(n, :a)',
    'contains(n, :one)',
    'attribute_type(absent, :n)',
    'size(n) > :zero',
    'absent BETWEEN :zero AND :two',
    'absent IN (:one)',
    'NOT n = :one',
    'n = :one AND absent = :one',
    '(n = :two OR n = :one) AND s = :a',
    'lst[7] = :one',
    's[0] = :a',
  ])
    assert.equal(isSo(text), false, text)
})

test('a name in ExpressionAttributeNames is one name, dots and all', () => {
  const given = { names: { '#m': 'doc', '#d': 'a.b' }, values: { ':v': { S: 'dotted' } } }
  assert.equal(holds(parseCondition('ConditionExpression', '#m.#d = :v', placeholders(given)), item), true)
})

test('a condition that cannot be read is told in AWS words', () => {
  const cases: [string, string][] = [
    ['', 'The expression can not be empty;'],
    ['  ', 'The expression can not be empty;'],
    ['n = ', 'Syntax error; token: "<EOF>", near: "= "'],
    ['n == :one', 'Syntax error; token: "=", near: "== :one"'],
    ['n = :one extra', 'Syntax error; token: "extra", near: ":one extra"'],
    ['n ! :one', 'Syntax error; token: "!", near: "n ! :one"'],
    ['n', 'Syntax error; token: "<EOF>", near: "n"'],
    ['abort = :one', 'Attribute name is a reserved keyword; reserved keyword: abort'],
    ['doc.Abort = :one', 'Attribute name is a reserved keyword; reserved keyword: Abort'],
    ['#x = :one', 'An expression attribute name used in the document path is not defined; attribute name: #x'],
    ['n = :x', 'An expression attribute value used in expression is not defined; attribute value: :x'],
    ['nothing(n)', 'Invalid function name; function: nothing'],
    ['ATTRIBUTE_EXISTS(n)', 'Invalid function name; function: ATTRIBUTE_EXISTS'],
    ['size(n)', 'The function is not allowed to be used this way in an expression; function: size'],
    ['size(s) AND n = :one', 'The function is not allowed to be used this way in an expression; function: size'],
    [
      'attribute_exists(n) = :one',
      'The function is not allowed to be used this way in an expression; function: attribute_exists',
    ],
    [
      'attribute_exists(n, s)',
      'Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2',
    ],
    ['attribute_exists(:one)', 'Operator or function requires a document path; operator or function: attribute_exists'],
    [
      'begins_with(s, :one)',
      'Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
    [
      'size(:one) = :one',
      'Incorrect operand type for operator or function; operator or function: size, operand type: N',
    ],
    ['n < :nothing', 'Incorrect operand type for operator or function; operator or function: <, operand type: NULL'],
    [
      'attribute_type(n, :a)',
      'Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
    ],
    [
      'n = n',
      'The first operand must be distinct from the remaining operands for this operator or function; ' +
        'operator: =, first operand: [n]',
    ],
    ['((n = :one))', 'The expression has redundant parentheses;'],
    ['((n)) = :one', 'The expression has redundant parentheses;'],
    [
      'n BETWEEN :two AND :one',
      'The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ' +
        'lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
    ],
    [
      'n BETWEEN :a AND :one',
      'The BETWEEN operator requires same data type for lower and upper bounds; ' +
        'lower bound operand: AttributeValue: {S:a}, upper bound operand: AttributeValue: {N:1}',
    ],
  ]
  for (const [text, sentence] of cases)
    assert.throws(
      () => isSo(text),
      { name: 'ValidationException', message: `Invalid ConditionExpression: ${sentence}` },
      text,
    )
})

test('expressions that are too long or too deep are refused, and nothing overflows', () => {
  assert.throws(() => isSo('a'.repeat(5000)), /Expression size has exceeded the maximum allowed size/)
  assert.throws(() => isSo('('.repeat(2000)), /nested levels/)
  assert.throws(() => isSo('NOT '.repeat(1000)), /nested levels/)
  assert.throws(() => isSo('size('.repeat(800)), /nested levels/)
})

test('an expression of more than 300 operators and functions is refused in AWS words', () => {
  const sums = (count: number) => `SET ${Array.from({ length: count }, (_, i) => `${letters(i)}=n+n`)}`
  const calls = (count: number) => Array.from({ length: count }, () => 'size(n)<n').join(' OR ')
  parseUpdate(sums(300), placeholders())
  parseCondition('FilterExpression', calls(150), placeholders())
  const tooMany = 'The expression contains too many operators; operator count: 301'
  assert.throws(() => parseUpdate(sums(301), placeholders()), {
    message: `Invalid UpdateExpression: ${tooMany}`,
  })
  const functions = `SET l=${'list_append(l,'.repeat(49)}l${')'.repeat(49)}`
  assert.throws(() => parseUpdate(`${functions},${sums(252).slice(4)}`, placeholders()), new RegExp(tooMany))
  assert.throws(() => parseCondition('FilterExpression', calls(151), placeholders()), {
    message: `Invalid FilterExpression: ${tooMany}`,
  })
})

/** A name of two letters that is no word of DynamoDB's: zaa, zab, … */
const letters = (i: number) => `z${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}`

test('placeholders must be used, and be ones', () => {
  const used = placeholders({ names: { '#a': 'a', '#b': 'b' }, values: { ':v': { N: '1' }, ':w': { N: '2' } } })
  parseCondition('ConditionExpression', '#a = :v', used)
  assert.throws(
    () => used.checkUsed(),
    /^ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: \{#b\}$/,
  )
  assert.throws(
    () => placeholders({ names: { a: 'a' } }),
    /ExpressionAttributeNames contains invalid key: Syntax error; key: "a"/,
  )
  assert.throws(
    () => placeholders({ values: { 'v:': { N: '1' } } }),
    /ExpressionAttributeValues contains invalid key: Syntax error; key: "v:"/,
  )
  assert.throws(() => placeholders({ names: {} }), /ExpressionAttributeNames must not be empty/)
  assert.throws(
    () => placeholders({ values: { ':v': {} } }),
    /ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :v/,
  )
})

const updated = (text: string, before: Item = item) =>
  JSON.parse(JSON.stringify(applyUpdate(parseUpdate(text, placeholders({ values })), before)))

test('updates change what they name, and nothing else', () => {
  const cases: [string, object][] = [
    ['SET n = :two', { n: { N: '2' } }],
    ['SET n = n + :one, copied = n', { n: { N: '2' }, copied: { N: '1' } }],
    ['SET n = :two - n', { n: { N: '1' } }],
    ['SET n = if_not_exists(n, :zero) + :one', { n: { N: '2' } }],
    ['SET fresh = if_not_exists(fresh, :zero) + :one', { fresh: { N: '1' } }],
    ['SET lst = list_append(:list, lst)', { lst: { L: [{ N: '1' }, ...item.lst!.L!] } }],
    ['SET lst[0] = :one', { lst: { L: [{ N: '1' }, item.lst!.L![1]] } }],
    ['SET lst[9] = :one', { lst: { L: [...item.lst!.L!, { N: '1' }] } }],
    ['SET lst[1].deep = :zero', { lst: { L: [{ S: 'a' }, { M: { deep: { N: '0' } } }] } }],
    ['REMOVE lst[0], lst[1]', { lst: { L: [] } }],
    ['SET doc.fresh = :a REMOVE doc.nested', { doc: { M: { 'a.b': { S: 'dotted' }, fresh: { S: 'a' } } } }],
    ['REMOVE absent', {}],
    ['ADD n :two', { n: { N: '3' } }],
    ['ADD fresh :two', { fresh: { N: '2' } }],
    ['ADD fresh :set', { fresh: { SS: ['x'] } }],
    ['DELETE tags :set', { tags: { SS: ['y'] } }],
    ['DELETE absent :set', {}],
    ['set n = :two remove absent add fresh :one', { n: { N: '2' }, fresh: { N: '1' } }],
    ['SET n = (n + :one)', { n: { N: '2' } }],
  ]
  for (const [text, changes] of cases)
    assert.deepEqual(updated(text), { ...JSON.parse(JSON.stringify(item)), ...changes }, text)
  const { tags: _, ...rest } = updated('ADD tags :set')
  assert.deepEqual(updated('REMOVE tags'), rest)
})

test('places in lists are those from before the update, whatever stands between them', () => {
  const before: Item = { x: { L: [{ S: 'A' }, { S: 'B' }, { S: 'C' }] }, y: { M: { k: { N: '1' } } } }
  assert.deepEqual(updated('REMOVE x[0], y.k, x[1]', before), { x: { L: [{ S: 'C' }] }, y: { M: {} } })
})

test('values appended to one list come in the order of their places', () => {
  const before: Item = { x: { L: [{ S: 'A' }] }, y: { M: { k: { N: '1' } } } }
  assert.deepEqual(updated('SET x[9] = :two, y.k = :two, x[5] = :one', before), {
    x: { L: [{ S: 'A' }, { N: '1' }, { N: '2' }] },
    y: { M: { k: { N: '2' } } },
  })
})

test('the last member of a set takes the attribute with it', () => {
  assert.deepEqual(updated('DELETE alone :set', { alone: { SS: ['x'] } }), {})
})

test('an update leaves the item that it began with as it was', () => {
  const before = JSON.stringify(item)
  for (const text of ['SET lst[1].deep = :zero', 'ADD tags :set', 'REMOVE doc.nested', 'SET doc.x = :a']) updated(text)
  assert.equal(JSON.stringify(item), before)
})

test('an update that does not fit the item is told in AWS words', () => {
  const cases: [string, string][] = [
    ['SET n = absent', 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET n = s + :one', 'An operand in the update expression has an incorrect data type'],
    ['SET x = list_append(n, :list)', 'An operand in the update expression has an incorrect data type'],
    ['ADD s :one', 'An operand in the update expression has an incorrect data type'],
    ['DELETE numbers :set', 'An operand in the update expression has an incorrect data type'],
    ['SET absent.x = :one', 'The document path provided in the update expression is invalid for update'],
    ['SET n.x = :one', 'The document path provided in the update expression is invalid for update'],
    ['SET doc[0] = :one', 'The document path provided in the update expression is invalid for update'],
    ['REMOVE absent.x', 'The document path provided in the update expression is invalid for update'],
  ]
  for (const [text, sentence] of cases)
    assert.throws(() => updated(text), { name: 'ValidationException', message: sentence }, text)
})

test('an update that cannot be read is told in AWS words', () => {
  const cases: [string, string][] = [
    ['', 'The expression can not be empty;'],
    ['n = :one', 'Syntax error; token: "n", near: "n ="'],
    ['SET n', 'Syntax error; token: "<EOF>", near: "n"'],
    ['SET n = :one SET s = :a', 'The "SET" section can only be used once in an update expression;'],
    ['SET size = :one', 'Attribute name is a reserved keyword; reserved keyword: size'],
    ['SET n = nothing(s)', 'Invalid function name; function: nothing'],
    [
      'SET n = if_not_exists(:one, :two)',
      'Operator or function requires a document path; operator or function: if_not_exists',
    ],
    [
      'SET n = list_append(:one, :list)',
      'Incorrect operand type for operator or function; operator or function: list_append, operand type: N',
    ],
    ['SET n = :a + :one', 'Incorrect operand type for operator or function; operator or function: +, operand type: S'],
    [
      'ADD n :a',
      'Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND',
    ],
    [
      'DELETE n :one',
      'Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND',
    ],
    [
      'SET n = :one REMOVE n',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path two: [n]',
    ],
    [
      'SET doc.x = :one, doc = :two',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [doc, x], path two: [doc]',
    ],
    [
      'SET lst[0] = :one, lst.x = :two',
      'Two document paths conflict with each other; must remove or rewrite one of these paths; ' +
        'path one: [lst, [0]], path two: [lst, x]',
    ],
  ]
  for (const [text, sentence] of cases)
    assert.throws(
      () => updated(text),
      { name: 'ValidationException', message: `Invalid UpdateExpression: ${sentence}` },
      text,
    )
})

test('a projection keeps what it names, and closes up lists', () => {
  const projected = (text: string) => JSON.parse(JSON.stringify(project(item, parseProjection(text, placeholders()))))
  assert.deepEqual(projected('n, lst[1].deep, doc.nested, absent, s[0]'), {
    n: { N: '1' },
    lst: { L: [{ M: { deep: { N: '2' } } }] },
    doc: { M: { nested: { L: [] } } },
  })
  assert.throws(
    () => projected('n, n'),
    /^ValidationException: Invalid ProjectionExpression: Two document paths overlap/,
  )
  assert.throws(() => projected('n,'), /Syntax error; token: "<EOF>"/)
})
