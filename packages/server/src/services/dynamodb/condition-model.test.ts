import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Item } from './attribute-value.ts'
import { holds } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import { Placeholders } from './placeholders.ts'

/*
 * Any condition, written as text and read back, holds for an item exactly when a few lines over plain JavaScript values
 * say so.
 */

type Plain = number | string | undefined
type Attributes = { readonly p: Plain; readonly q: Plain; readonly r: Plain }
type Model = { readonly text: string; readonly holds: (attributes: Attributes) => boolean; readonly level: number }

const names = ['p', 'q', 'r'] as const
const plain: fc.Arbitrary<number | string> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('', 'a', 'ab', 'b'),
)

/** Each value has its placeholder. */
const placeholderOf = (value: number | string) =>
  typeof value === 'number' ? `:n${value + 3}` : `:s${['', 'a', 'ab', 'b'].indexOf(value)}`
const valuesByPlaceholder = new Map(
  [...[-3, -2, -1, 0, 1, 2, 3], ...['', 'a', 'ab', 'b']].map((value) => [
    placeholderOf(value),
    typeof value === 'number' ? { N: `${value}` } : { S: value },
  ]),
)

const comparators = ['=', '<>', '<', '<=', '>', '>='] as const

function compares(comparator: (typeof comparators)[number], left: Plain, right: Plain): boolean {
  const isOrdered = left !== undefined && typeof left === typeof right
  switch (comparator) {
    case '=':
      return left !== undefined && left === right
    case '<>':
      return left === undefined || left !== right
    case '<':
      return isOrdered && left < right!
    case '<=':
      return isOrdered && left <= right!
    case '>':
      return isOrdered && left > right!
    case '>=':
      return isOrdered && left >= right!
  }
}

const name = fc.constantFrom(...names)
const leaf: fc.Arbitrary<Model> = fc.oneof(
  fc.tuple(name, fc.constantFrom(...comparators), plain).map(([attribute, comparator, value]) => ({
    text: `${attribute} ${comparator} ${placeholderOf(value)}`,
    holds: (attributes: Attributes) => compares(comparator, attributes[attribute], value),
    level: 3,
  })),
  fc.tuple(name, fc.boolean()).map(([attribute, isThere]) => ({
    text: `attribute_${isThere ? '' : 'not_'}exists(${attribute})`,
    holds: (attributes: Attributes) => (attributes[attribute] !== undefined) === isThere,
    level: 3,
  })),
  fc.tuple(name, fc.array(plain, { minLength: 1, maxLength: 4 })).map(([attribute, among]) => ({
    text: `${attribute} in(${among.map(placeholderOf).join(',')})`,
    holds: (attributes: Attributes) => among.some((value) => value === attributes[attribute]),
    level: 3,
  })),
  fc.tuple(name, fc.integer({ min: -3, max: 0 }), fc.integer({ min: 0, max: 3 })).map(([attribute, low, high]) => ({
    text: `${attribute} BETWEEN ${placeholderOf(low)} AND ${placeholderOf(high)}`,
    holds: (attributes: Attributes) =>
      compares('>=', attributes[attribute], low) && compares('<=', attributes[attribute], high),
    level: 3,
  })),
  fc
    .tuple(name, fc.constantFrom('begins_with', 'contains'), fc.constantFrom('', 'a', 'ab', 'b'))
    .map(([attribute, call, part]) => ({
      text: `${call}( ${attribute},${placeholderOf(part)} )`,
      holds: (attributes: Attributes) => {
        const value = attributes[attribute]
        if (typeof value !== 'string') return false
        return call === 'contains' ? value.includes(part) : value.startsWith(part)
      },
      level: 3,
    })),
)

/** OR is level 0, AND 1, NOT 2, all else 3: what binds more loosely stands in parentheses. */
const within = (model: Model, level: number) => (model.level < level ? `(${model.text})` : model.text)

const { condition } = fc.letrec<{ condition: Model }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.tuple(fc.boolean(), fc.array(tie('condition'), { minLength: 2, maxLength: 3 })).map(
      ([isAnd, inner]): Model => ({
        text: inner.map((each) => within(each, isAnd ? 2 : 1)).join(isAnd ? ' AND ' : ' or '),
        holds: (attributes) =>
          isAnd ? inner.every((each) => each.holds(attributes)) : inner.some((each) => each.holds(attributes)),
        level: isAnd ? 1 : 0,
      }),
    ),
    tie('condition').map(
      (inner): Model => ({
        text: `NOT ${within(inner, 2)}`,
        holds: (attributes) => !inner.holds(attributes),
        level: 2,
      }),
    ),
  ),
}))

const attributes = fc.record({
  p: fc.option(plain, { nil: undefined }),
  q: fc.option(plain, { nil: undefined }),
  r: fc.option(plain, { nil: undefined }),
})

const itemFrom = (given: Attributes): Item =>
  Object.fromEntries(
    names.flatMap((each) => {
      const value = given[each]
      return value === undefined ? [] : [[each, typeof value === 'number' ? { N: `${value}` } : { S: value }]]
    }),
  )

test('a condition holds exactly when it holds over plain values', () => {
  let held = 0
  fc.assert(
    fc.property(condition, attributes, (model, given) => {
      const read = parseCondition(
        'ConditionExpression',
        model.text,
        new Placeholders({ ExpressionAttributeValues: valuesByPlaceholder }),
      )
      const expected = model.holds(given)
      if (expected) held++
      assert.equal(holds(read, itemFrom(given)), expected, model.text)
    }),
    { numRuns: 3000 },
  )
  assert.ok(held > 300, 'some of them hold')
})

test('any text at all is read or refused as a ValidationException', () => {
  const word = fc.constantFrom(
    'a',
    'AND',
    'OR',
    'NOT',
    'IN',
    'BETWEEN',
    '(',
    ')',
    ',',
    ':n0',
    '#n',
    '=',
    '<',
    'size',
    '.',
    '[',
    '1',
    ']',
    '\0',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join(' ')),
      ),
      (text) => {
        try {
          parseCondition('FilterExpression', text, new Placeholders({ ExpressionAttributeValues: valuesByPlaceholder }))
        } catch (error) {
          assert.equal((error as Error).name, 'ValidationException')
        }
      },
    ),
    { numRuns: 3000 },
  )
})
