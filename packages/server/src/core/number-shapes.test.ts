import assert from 'node:assert/strict'
import { test } from 'node:test'
import { map, recursive } from './map-shape.ts'
import { double, long } from './number-shapes.ts'
import { optional, parseInput, type Shape, string, structure, type Wire } from './shapes.ts'

const wire: Wire = { blob: (value) => value as Uint8Array, timestamp: (value) => value as Date }
const textWire: Wire = { ...wire, number: (text) => (text === 'x' ? undefined : Number(text)) }

const refused = (decode: () => unknown, name: string, message: RegExp) => assert.throws(decode, { name, message })

test('a double keeps its fraction, and JSON says as text what it has no numbers for', () => {
  assert.equal(double().decode(-1.5e300, wire), -1.5e300)
  assert.equal(double().decode(2n, wire), 2)
  assert.ok(Number.isNaN(double().decode('NaN', wire)))
  assert.equal(double().decode('-Infinity', wire), Number.NEGATIVE_INFINITY)
  refused(() => double().decode('1.5', wire), 'SerializationException', /String can not be converted to an Double/)
  assert.equal(double().decode('1.5', textWire), 1.5)
  refused(() => double().decode('x', textWire), 'SerializationException', /'x' can not be converted to a Double/)
  refused(() => double().decode([], wire), 'SerializationException', /Start of list/)
})

test('a long is whole, and beyond what an integer holds', () => {
  assert.equal(long().decode(2 ** 40 + 0.5, wire), 2 ** 40)
  assert.equal(long().decode(-(2n ** 40n), wire), -(2 ** 40))
  assert.equal(long().decode('7', textWire), 7)
  refused(() => long().decode(true, wire), 'SerializationException', /Boolean can not be converted to an Long/)
  const shape = structure({ Size: long({ min: 1, max: 5 }) })
  refused(() => parseInput(shape, { Size: 6 }, wire), 'ValidationException', /'6' at 'size' .* less than or equal to 5/)
  refused(() => parseInput(shape, { Size: 0 }, wire), 'ValidationException', /greater than or equal to 1/)
})

test('a map of structures names the key in the path of what is wrong', () => {
  const shape = structure({ Items: map({ min: 1, max: 3 }, structure({ Name: string({ min: 2 }) }), { max: 2 }) })
  const items = (value: unknown) => parseInput(shape, { Items: value }, wire).Items
  assert.deepEqual(items({ a: { Name: 'xy' }, b: null }), new Map([['a', { Name: 'xy' }]]))
  refused(() => items({ a: { Name: 'x' } }), 'ValidationException', /'x' at 'items\.a\.member\.name'/)
  refused(() => items({ abcd: { Name: 'xy' } }), 'ValidationException', /Map keys must satisfy constraint: \[/)
  refused(() => items({ a: {}, b: {}, c: {} }), 'ValidationException', /at 'items' .* less than or equal to 2/)
  refused(() => items([]), 'SerializationException', /Start of list/)
  refused(() => items('a'), 'SerializationException', /Expected map or null/)
  const unlimited = structure({ Items: map({}, string()) })
  const { Items } = parseInput(unlimited, JSON.parse('{"Items":{"__proto__":"x"}}'), wire)
  assert.deepEqual([...Items], [['__proto__', 'x']])
})

test('a shape may contain itself', () => {
  type Node = { readonly Next: Node | undefined; readonly Name: string }
  const node: Shape<Node> = recursive(() => structure({ Name: string({ min: 1 }), Next: optional(node) }))
  assert.deepEqual(parseInput(node, { Name: 'a', Next: { Name: 'b' } }, wire).Next?.Name, 'b')
  refused(() => parseInput(node, { Name: 'a', Next: { Name: '' } }, wire), 'ValidationException', /at 'next\.name'/)
})
