import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwnHost } from './host-check.ts'

test('addresses, localhost and names without a dot are any server’s, each time they come', () => {
  for (const authority of ['127.0.0.1:4567', '[::1]:80', 'kinesis', 'LOCALHOST:4567', 'a.localhost', '10.0.0.1'])
    for (let time = 0; time < 2; time++) assert.equal(isOwnHost(authority, []), true, authority)
})

test('a name that one door has is another’s only if it has it, too', () => {
  assert.equal(isOwnHost('streams.example:443', ['Streams.example']), true)
  assert.equal(isOwnHost('streams.example:443', []), false)
  assert.equal(
    isOwnHost('shop.example', [], (name) => name === 'shop.example'),
    true,
  )
  assert.equal(isOwnHost('shop.example', []), false)
  assert.equal(isOwnHost('127.0.0.1.example', []), false)
  assert.equal(isOwnHost('', []), false)
})
