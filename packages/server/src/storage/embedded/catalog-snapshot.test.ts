import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { silentLogger } from '@millrace/ports'
import { CatalogSnapshot } from './catalog-snapshot.ts'
import { EmbeddedCatalog } from './embedded-catalog.ts'
import { nodeFileSystem } from './file-system.ts'

test('a snapshot shows what is durable while another has the file open, and leaves the file as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-snapshot-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'identity.map')
  const read = () => CatalogSnapshot.read(nodeFileSystem, path)
  assert.equal(await read(), undefined)

  const catalog = await EmbeddedCatalog.open(nodeFileSystem, folder, silentLogger, 'identity.map')
  await catalog.put('a', 1, 0)
  await catalog.put('b', 2, 0)
  const version = (await catalog.put('a', 3, 1))!
  await catalog.delete('b', 2)
  const before = await readFile(path)
  const snapshot = (await read())!
  assert.deepEqual(snapshot.get('a'), { key: 'a', value: 3, version })
  assert.deepEqual(
    snapshot.list('').map(({ key }) => key),
    ['a'],
  )
  await assert.rejects(snapshot.put(), /is not written to/)
  await assert.rejects(snapshot.delete(), /is not written to/)
  await assert.rejects(snapshot.commit(), /is not written to/)
  assert.deepEqual(await readFile(path), before)
  await catalog.close()

  await appendFile(path, before.subarray(8, 20)) // the first half of a change
  assert.equal((await read())!.get('a')?.value, 3)
  const broken = await readFile(path)
  broken[20] = broken[20]! ^ 1
  await writeFile(path, broken)
  await assert.rejects(read(), /identity\.map is damaged at byte 8/)
})
