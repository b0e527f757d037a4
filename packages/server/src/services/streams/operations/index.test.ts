import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as sdk from '@aws-sdk/client-kinesis'
import * as operations from './index.ts'

test('each of the 45 commands of the SDK has one operation, and there are no more', () => {
  const commands = Object.keys(sdk).flatMap((name) => (/^\w+Command$/.test(name) ? [name.slice(0, -7)] : []))
  const declared = Object.values(operations).map(({ name }) => name)
  assert.deepEqual(declared.sort(), commands.sort())
  assert.equal(declared.length, 45)
})
