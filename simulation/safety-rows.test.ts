import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { safetyRows } from './safety-rows.ts'

test('each row of what is done to the storage is shown by tests that print their figures', () => {
  for (const { proofs } of safetyRows)
    for (const { file } of proofs)
      assert.match(readFileSync(join(import.meta.dirname, '..', file), 'utf8'), /diagnostic\(/)
})
