import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rowsOf } from './rows-fixture.ts'

const ids = (records: readonly (string | Uint8Array)[]) => {
  const { rows, faulty } = rowsOf({ id: 'int' }, records)
  return { ids: rows.map(([id]) => id), faulty: faulty.map(({ index }) => index) }
}

test('a record is a row, whatever white space is around it', () => {
  assert.deepEqual(ids(['{"id":1}', ' {"id":2}\n', '\r\n{ "id" : 3 }\t']), { ids: [1, 2, 3], faulty: [] })
})

test('documents of one record, one behind the other, are as many rows', () => {
  assert.deepEqual(ids(['{"id":1}{"id":2}', '{"id":3}\n{"id":4} {"id":5}']), { ids: [1, 2, 3, 4, 5], faulty: [] })
})

test('a record that cannot be parsed has no row, and the others have theirs', () => {
  const records = Array.from({ length: 300 }, (_, id) => `{"id":${id}}`)
  for (const poisoned of [0, 17, 150, 299]) records[poisoned] = '{"id":'
  const { ids: kept, faulty } = ids(records)
  assert.deepEqual(faulty, [0, 17, 150, 299])
  assert.equal(kept.length, 296)
})

test('what AWS says of a record that is no object', () => {
  const said = (record: string | Uint8Array) => {
    const { code, message } = rowsOf({ id: 'int' }, [record]).faulty[0]!
    return `${code.replace('DataFormatConversion.', '')}: ${message}`
  }
  assert.match(said('this is not json'), /^ParseError: Encountered malformed JSON\. /)
  assert.match(said('{"id":1'), /^ParseError: Encountered malformed JSON\. /)
  assert.match(said('{"id":1} and more'), /^ParseError: /)
  assert.match(said('{"id":1},{"id":2}'), /^ParseError: /)
  assert.match(said('{"id":01}'), /^ParseError: /)
  assert.match(said(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), /^ParseError: .*UTF-8/)
  const empty = 'MalformedData: The record was empty or contained only whitespace.'
  assert.equal(said(''), empty)
  assert.equal(said(' \n'), empty)
  const primitive =
    'MalformedData: The input JSON contained a primitive at the top level. The top level must be an object or array.'
  for (const record of ['42', '"text"', 'true', 'null']) assert.equal(said(record), primitive)
  assert.match(said('[{"id":1},{"id":2}]'), /^MalformedData: Data does not match the schema\. An array/)
})

test('a record with one bad document has no row at all', () => {
  assert.deepEqual(ids(['{"id":1}{"id":"x"}', '{"id":2}', '{"id":3}[4]']), { ids: [2], faulty: [0, 2] })
})

test('halves of records never become a whole one', () => {
  // Each alone is broken; joined with a comma between they would be an array of as many values as records.
  assert.deepEqual(ids(['{"id":1', '"x":2}', '{"id":3},{"id":4}']).faulty, [0, 1, 2])
  assert.deepEqual(ids(['{"id":[1', '2]}', '{"id":1},{"id":2}']).faulty, [0, 1, 2])
  assert.deepEqual(ids(['{"a":"x', 'y"}', '1,2']).faulty, [0, 1, 2])
})

test('rows are those that JSON.parse would give, record by record', () => {
  const record = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((id) => `{"id":${id}}`) },
    fc
      .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"id"', '1', ' ', '\n', 'x', 'null'))
      .map((all) => all.join('')),
    fc.json(),
  )
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const { ids: kept, faulty } = ids(records)
      const isFaulty = new Set(faulty)
      const wanted: unknown[] = []
      for (const [index, text] of records.entries()) {
        let value: unknown
        try {
          value = JSON.parse(text)
        } catch {
          continue // several documents, or broken: the other cases hold these
        }
        const id = (value as { id?: unknown } | null)?.id
        const isRow =
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.keys(value).filter((key) => key.toLowerCase() === 'id').length === Number(id !== undefined) &&
          (id === undefined || id === null || Number.isInteger(id))
        if (isRow) {
          assert.ok(!isFaulty.has(index), text)
          wanted.push(id ?? null)
        } else if (typeof value !== 'object' || value === null || Array.isArray(value)) assert.ok(isFaulty.has(index))
      }
      for (const id of wanted) assert.ok(kept.includes(id as number))
      assert.ok(kept.length + faulty.length >= records.length)
    }),
  )
})

test('nesting without end takes no stack', () => {
  const deep = `{"id":1,"other":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  assert.deepEqual(ids([deep, '{"id":2}']).ids, [1, 2])
  const { faulty } = rowsOf({ v: 'string' }, [`{"v":${'['.repeat(100_000)}${']'.repeat(100_000)}}`])
  assert.match(faulty[0]!.message, /nested too deep/)
  assert.deepEqual(ids([`${'{"a":'.repeat(100_000)}`, '{"id":3}']), { ids: [3], faulty: [0] })
})

test('names of JavaScript are only names', () => {
  const record = '{"__proto__":{"id":7},"constructor":"c","toString":"t","hasOwnProperty":1}'
  const { rows } = rowsOf({ id: 'int', constructor: 'string', tostring: 'string', valueof: 'string' }, [record, '{}'])
  assert.deepEqual(rows, [
    [null, 'c', 't', null],
    [null, null, null, null],
  ])
  const named = rowsOf({ __proto__x: 'int', v: 'struct<`__proto__`:int>' }, ['{"v":{"__proto__":3}}'])
  assert.deepEqual(named.rows, [[null, [3]]])
})
