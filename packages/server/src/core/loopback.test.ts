import assert from 'node:assert/strict'
import test from 'node:test'
import { isLoopback } from './loopback.ts'

for (const host of [
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST',
])
  test(`${host} stays on this machine`, () => assert.ok(isLoopback(host)))

for (const host of [
  '0.0.0.0',
  '::',
  '',
  '10.0.0.1',
  '128.0.0.1',
  '127.0.0.1.example.org',
  'example.org',
  'localhost.example.org',
  '::ffff:10.0.0.1',
  '2130706433',
])
  test(`"${host}" may be reached from elsewhere`, () => assert.ok(!isLoopback(host)))
