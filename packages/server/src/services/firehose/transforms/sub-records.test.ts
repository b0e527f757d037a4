import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { delimitedOf, jsonObjectsOf } from './sub-records.ts'

const textsOf = (parts: readonly Uint8Array[] | undefined) => parts?.map((part) => Buffer.from(part).toString())
const objectsOf = (text: string, countMax = 500) => textsOf(jsonObjectsOf(Buffer.from(text), countMax))

/** Tries every end of an object, the shortest first: slow, and right because JSON.parse is. */
function naiveObjectsOf(text: string): string[] | undefined {
  const found: string[] = []
  for (let left = text.trimStart(); left !== ''; ) {
    let end = 1
    while (end <= left.length && !isObject(left.slice(0, end))) end++
    if (end > left.length) return undefined
    found.push(left.slice(0, end))
    left = left.slice(end).trimStart()
  }
  return found
}

function isObject(text: string): boolean {
  try {
    return text.startsWith('{') && typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

test('objects are found with nothing, with newlines and with blanks between them', () => {
  assert.deepEqual(objectsOf('{"a":1}{"a":2}'), ['{"a":1}', '{"a":2}'])
  assert.deepEqual(objectsOf('\n{"a":1}\r\n{"a":2}\n \t'), ['{"a":1}', '{"a":2}'])
  assert.deepEqual(objectsOf('{"a":{"b":[{"c":"}"}]}}{}'), ['{"a":{"b":[{"c":"}"}]}}', '{}'])
  assert.deepEqual(objectsOf('{"a":"\\"}{"}{"\\\\":"é☃😀"}'), ['{"a":"\\"}{"}', '{"\\\\":"é☃😀"}'])
  assert.deepEqual(objectsOf(''), [])
})

test('what is not objects alone is not taken apart', () => {
  for (const text of ['[{"a":1}]', '{"a":1},{"a":2}', '{"a":1}{"a"', '{"a":"}', '}', '1', 'text', '{"a":1}\0', '{'])
    assert.equal(objectsOf(text), undefined, text)
})

test('more than so many are not taken apart at all', () => {
  assert.equal(objectsOf('{}'.repeat(500))!.length, 500)
  assert.equal(objectsOf('{}'.repeat(501)), undefined)
  const lines = (count: number) => delimitedOf(Buffer.from('a\n'.repeat(count)), Buffer.from('\n'), 500)
  assert.equal(lines(500)!.length, 500)
  assert.equal(lines(501), undefined)
})

test('whatever objects there are, they are found whole', () => {
  const object = fc
    .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }))
    .map((value) => JSON.stringify(value))
  const gap = fc.constantFrom('', '', '\n', ' ', '\r\n', '\t')
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, object)), gap, (parts, last) => {
      const text = parts.map(([before, one]) => before + one).join('') + last
      assert.deepEqual(
        objectsOf(text),
        parts.map(([, one]) => one),
      )
    }),
    { numRuns: 300 },
  )
})

test('whatever there is, objects are found as JSON.parse finds them, and nothing but white space is left out', () => {
  const bits = fc.constantFrom('{', '}', '"', '\\', '"a":', '1', '[', ']', ',', ' ', '\n', '{"a":1}', '{"b":"}{"}')
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 12 }), (chosen) => {
      const text = chosen.join('')
      const found = objectsOf(text)
      const naive = naiveObjectsOf(text)
      if (naive) assert.deepEqual(found, naive)
      if (found) {
        let left = text
        for (const part of found) {
          left = left.trimStart()
          assert.ok(left.startsWith(part) && part.startsWith('{') && part.endsWith('}'))
          left = left.slice(part.length)
        }
        assert.equal(left.trim(), '')
      }
    }),
    { numRuns: 2000 },
  )
})

test('whatever the delimiter, what lies between is found as split finds it', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '#', '\n', 'é'), maxLength: 30 })
  const delimiter = fc.string({ unit: fc.constantFrom('a', '#', '\n', 'é'), minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(letters, delimiter, (text, between) => {
      const expected = text.split(between).filter((part) => part !== '')
      assert.deepEqual(textsOf(delimitedOf(Buffer.from(text), Buffer.from(between), 500)), expected)
    }),
    { numRuns: 1000 },
  )
})
