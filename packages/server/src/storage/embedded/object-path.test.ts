import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyOf, pathOf } from './object-path.ts'

test('a key that a file system takes is its path', () => {
  for (const key of ['a', 'a/b.json', 'year=2026/a b/ü+(1)%20.gz', '.hidden/..x', '%', '100%'])
    assert.equal(pathOf(key), key)
})

test('what a file system does not take is written with a percent sign', () => {
  const cases: [string, string][] = [
    ['a//b', 'a/%!/b'],
    ['/a', '%!/a'],
    ['a/', 'a/%!'],
    ['/', '%!/%!'],
    ['a/../../b', 'a/%2E%2E/%2E%2E/b'],
    ['.', '%2E'],
    ['a\\b', 'a%5Cb'],
    ['a\0b', 'a%00b'],
    ['%2E%2E/%!', '%252E%252E/%25!'],
  ]
  for (const [key, path] of cases) assert.equal(pathOf(key), path)
})

test('a part that is longer than the name of a file is cut between letters', () => {
  assert.equal(pathOf(`p/${'a'.repeat(255)}/x`), `p/${'a'.repeat(255)}/x`)
  assert.equal(pathOf(`p/${'a'.repeat(256)}`), `p/${'a'.repeat(253)}%~/aaa`)
  const long = pathOf('ü'.repeat(300)).split('/')
  assert.ok(long.every((name) => Buffer.byteLength(name) <= 255))
})

test('every key has a path of its own, that stays below its bucket', () => {
  const part = fc.oneof(
    fc.constantFrom('', '.', '..', '%', '%!', '%~', '%2E', '%25', '\\', '\0', '~', '!', '%25~', 'a'.repeat(300)),
    fc.string({ unit: 'grapheme' }),
  )
  const key = fc.array(
    fc.array(part, { maxLength: 3 }).map((pieces) => pieces.join('')),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(key, (parts) => {
      const text = parts.join('/').toWellFormed()
      const path = pathOf(text)
      assert.equal(keyOf(path), text)
      for (const name of path.split('/')) {
        assert.ok(!['', '.', '..'].includes(name) && !/[\0\\]/.test(name))
        assert.ok(Buffer.byteLength(name) <= 255)
      }
    }),
  )
})
