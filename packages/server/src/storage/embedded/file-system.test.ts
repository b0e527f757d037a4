import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeFileSystem } from './file-system.ts'

const kibibyte = 1024

test('what is appended stands in the file as it was given, however many parts it has and however long they are', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-file-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'file')
  const appended = [
    [1, 0, 511 * kibibyte, kibibyte - 1, 700 * kibibyte, 1],
    Array.from({ length: 3000 }, (_, i) => i % 5),
    [1536 * kibibyte],
    [],
  ].map((lengths, i) => lengths.map((length, j) => new Uint8Array(length).fill(i * 7 + j)))

  const file = await nodeFileSystem.open(path, 'create')
  for (const parts of appended) await file.append(parts)
  await file.close()

  assert.ok((await readFile(path)).equals(Buffer.concat(appended.flat())))
})
