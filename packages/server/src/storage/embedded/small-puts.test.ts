import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { listed } from '../contract.ts'
import { batchOf } from '../log.ts'
import { blockBytesMax } from './block-format.ts'
import { openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const magic = Buffer.from('MRB2')
const one = (text: string) => batchOf([Buffer.from(text)])

test('puts of one commit share blocks of 4 KiB, and each log has its entries in their order, before and after a start', async () => {
  const directory = temporaryDirectory()
  let storage = await openIn(directory)
  for (const id of ['a', 'b', 'c']) await storage.log.create(id, { retentionMs: 3_600_000 })
  await storage.log.append('a', one('0'))
  const large = batchOf([Buffer.alloc(blockBytesMax, 'x')])
  const puts: Promise<{ firstOffset: number }>[] = []
  const expected = { a: ['0 0'], b: [] as string[], c: [] as string[] }
  for (let i = 0; i < 90; i++) {
    const id = (['a', 'b', 'c'] as const)[i % 3]!
    const batch = i === 40 ? large : i % 2 === 0 ? one(`${i}`) : batchOf([Buffer.from(`${i}`), Buffer.from(`${i}+`)])
    puts.push(storage.log.append(id, batch))
    for (let entry = 0; entry < batch.positions.length - 1; entry++) {
      const text = Buffer.from(batch.bytes.subarray(batch.positions[entry], batch.positions[entry + 1])).toString()
      expected[id].push(`${expected[id].length} ${text}`)
    }
  }
  const offsets = (await Promise.all(puts)).map(({ firstOffset }) => firstOffset)
  assert.deepEqual(offsets.slice(0, 7), [1, 0, 0, 2, 2, 1, 4])
  const served = async () => {
    for (const id of ['a', 'b', 'c'] as const)
      assert.deepEqual(listed(await storage.log.read(id, 0, everything)), expected[id])
  }
  await served()
  storage = await storage.reopen()
  await served()
  await storage.close()
  const [segment] = readdirSync(`${directory}/log`).filter((name) => name.endsWith('.segment'))
  const bytes = readFileSync(`${directory}/log/${segment}`)
  let blocks = 0
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) blocks++
  assert.ok(blocks < 12, `${blocks} blocks for 91 puts`)
})
