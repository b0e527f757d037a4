import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { functionsFrom } from './functions-file.ts'

test('a file that cannot be used is refused in one line that names it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-functions-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'functions.json')
  const from = () => functionsFrom(file, '000000000000')
  assert.throws(from, { message: `functions: ${file} cannot be read (ENOENT)` })
  await writeFile(file, '{"f":')
  assert.throws(from, (error: Error) => error.message.startsWith(`functions: ${file} is not JSON: `))
  await writeFile(file, '{"f":{"module":"f.mjs"}}')
  assert.throws(from, { message: `functions: f: there is no file ${join(folder, 'f.mjs')}` })
  await writeFile(join(folder, 'f.mjs'), '')
  assert.deepEqual([...from().keys()], ['f'])
})
