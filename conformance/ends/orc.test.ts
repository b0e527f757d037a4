import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { missing } from '../clients/installed.ts'
import { orcCases } from '../harness/orc-cases.ts'
import { type OrcCase, rowNotation } from '../harness/orc-files.ts'
import { linesOf, written } from '../harness/orc-written.ts'

const seed = Number(process.env.SEED ?? Math.trunc(performance.timeOrigin % 2 ** 31))

test('pyarrow gives back the rows of every file of ORC', {
  skip: missing('pyarrow', 'python3', ['-c', 'import pyarrow.orc']) ?? false,
  timeout: 120_000,
}, async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const cases = orcCases(seed)
  const files = await written(t, cases)
  await promisify(execFile)('python3', [join(import.meta.dirname, 'read_orc.py'), ...files], { timeout: 100_000 })
  for (const [i, one] of cases.entries()) {
    const expected = one.rows.map((row) => rowNotation(one.schema, row))
    const found = (await linesOf(`${files[i]}.rows`)).map((line) => withoutPadding(one, line))
    assert.deepEqual(found, expected, one.name)
  }
})

/** Takes off the blanks that fill a char, which pyarrow leaves at it. */
function withoutPadding({ schema }: OrcCase, line: string): string {
  const column = schema.findIndex(({ type }) => type.kind === 'char')
  if (column < 0) return line
  const before = new RegExp(`^(\\((?:[^,]*,){${column}}x(?:[0-9a-f]{2})*?)(?:20)+,`)
  return line.replace(before, '$1,')
}
