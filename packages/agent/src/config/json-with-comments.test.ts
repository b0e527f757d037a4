import assert from 'node:assert/strict'
import test from 'node:test'
import { parseJsonWithComments } from './json-with-comments.ts'

test('comments are left out, and what is not closed is told of where it begins', () => {
  assert.deepEqual(parseJsonWithComments('{ // to the end\n "a": "/* no */ // \\"no" /* one\n two */ }'), {
    a: '/* no */ // "no',
  })
  assert.throws(() => parseJsonWithComments('{"a": 1} /* and so on'), /JSON at position 9/)
  assert.throws(() => parseJsonWithComments('{"a": 1} /*/'), /JSON at position 9/)
  assert.throws(() => parseJsonWithComments('{"a": "b\\'), SyntaxError)
})
