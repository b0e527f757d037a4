import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { DataFolder } from './data-folder.ts'
import { nodeFileSystem } from './file-system.ts'
import { temporaryDirectory } from './fixture.ts'

test('the names of all folders are durable before the folder is used, also those that a crash left behind', async () => {
  const above = temporaryDirectory()
  mkdirSync(`${above}/a`)
  const synced: string[] = []
  const fileSystem = {
    ...nodeFileSystem,
    syncDirectory(path: string) {
      synced.push(path.slice(above.length))
      return nodeFileSystem.syncDirectory(path)
    },
  }
  await (await DataFolder.open(`${above}/a/b/c`, fileSystem)).close()
  for (const path of ['', '/a', '/a/b', '/a/b/c']) assert.ok(synced.includes(path), `"${path}" is synced`)
  synced.length = 0
  await (await DataFolder.open(`${above}/a/b/c`, fileSystem)).close()
  for (const path of ['/a/b', '/a/b/c']) assert.ok(synced.includes(path), `"${path}" is synced again`)
})

test('a folder in one that cannot be synced is used', async () => {
  const above = temporaryDirectory()
  const refusing = {
    ...nodeFileSystem,
    async syncDirectory(path: string) {
      if (path === above) throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
      await nodeFileSystem.syncDirectory(path)
    },
  }
  await (await DataFolder.open(`${above}/a`, refusing)).close()
})

test('a folder that has only a keyring yet, as `millrace keys create` leaves it, is used; one of somebody else is not', async () => {
  const above = temporaryDirectory()
  mkdirSync(`${above}/own/keys`, { recursive: true })
  await (await DataFolder.open(`${above}/own`, nodeFileSystem)).close()
  mkdirSync(`${above}/foreign`)
  writeFileSync(`${above}/foreign/letters.txt`, '')
  await assert.rejects(DataFolder.open(`${above}/foreign`, nodeFileSystem), /holds letters\.txt but no millrace\.json/)
})
