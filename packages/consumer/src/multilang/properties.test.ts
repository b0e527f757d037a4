import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProperties } from './properties.ts'

const read = (text: string) => Object.fromEntries(readProperties(text))

test('a property may be written with =, : or a space', () => {
  assert.deepEqual(read('a = 1\nb: 2\nc 3\nd=4\n  e\t5\nf'), { a: '1', b: '2', c: '3', d: '4', e: '5', f: '' })
})

test('comments, blank lines and the order of bytes at the start are no properties', () => {
  assert.deepEqual(read('\ufeff# one\n! two\n\n   \n  # three\na = # not a comment\r\n'), { a: '# not a comment' })
})

test('a backslash at the end of a line joins the next one, without its leading space', () => {
  assert.deepEqual(read('command = python \\\n    app.py\npath = C:\\\\\nlast = \\'), {
    command: 'python app.py',
    path: 'C:\\',
    last: '',
  })
})

test('escapes are what they are in Java', () => {
  assert.deepEqual(read('a\\ b\\=c = x\\ty\\u00e9\\q\\:'), { 'a b=c': 'x\tyéq:' })
})

test('of equal keys the last counts, and values keep their trailing space', () => {
  assert.deepEqual(read('a=1\na=2 '), { a: '2 ' })
})
