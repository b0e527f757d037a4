import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const secret = 'SECRET-OF-OTHERS'

/** Has an answer told what stands outside of the server's folder? */
export const tellsOfOutside = (text: string) => /SECRET-OF-OTHERS|root:x:0/.test(text)

/** A data folder and one of schemas, in a folder where what is beside them may not change, and is not to be read. */
export function guardedFolder(t: { after(fn: () => void): void }) {
  const parent = mkdtempSync(join(tmpdir(), 'names-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const data = join(parent, 'data')
  const schemas = join(parent, 'schemas')
  for (const folder of ['outside', 'schemas/db', 'data/buckets/lake'])
    mkdirSync(join(parent, folder), { recursive: true })
  for (const name of ['secret', 'secret.json', 'index.mjs']) writeFileSync(join(parent, 'outside', name), secret)
  writeFileSync(join(parent, 'outside/table.json'), JSON.stringify({ Description: secret }))
  writeFileSync(join(parent, 'outside.json'), JSON.stringify({ Description: secret }))
  writeFileSync(join(schemas, 'db/table.json'), '{"StorageDescriptor":{"Columns":[{"Name":"id","Type":"bigint"}]}}')
  const seen = () =>
    readdirSync(parent, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('data'))
      .map((path) => [path, statSync(join(parent, path)).mtimeMs])
      .sort()
  const before = JSON.stringify(seen())
  const ownBefore = Object.getOwnPropertyNames(Object.prototype).join()
  return {
    data,
    schemas,
    /** Nothing is or was changed outside, and nothing that all objects have. */
    check() {
      assert.equal(JSON.stringify(seen()), before)
      assert.equal(readFileSync(join(parent, 'outside/secret'), 'utf8'), secret)
      assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), ownBefore)
      assert.equal(({} as { evil?: unknown }).evil, undefined)
    },
  }
}
