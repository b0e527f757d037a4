import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed, type OpenedStorage } from './contract.ts'
import type { DataKeys } from './data-key.ts'
import { FixedDataKeys } from './data-key-fixture.ts'
import { batchOf, type EntryBlock, LogClosed, type RecordLog, StorageBusy } from './log.ts'

/*
 * What every storage promises of logs that are sealed (log.ts, data-key.ts), as cases, also one that has nothing on a
 * disk: who may not have the key may not have the entries, and may not add any.
 */

const hourMs = 3_600_000
const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const batch = (...texts: string[]) => batchOf(texts.map((text) => Buffer.from(text)))
const disabled = () => new Error('KMSDisabledException')

type Open = (clock: ManualClock, dataKeys: () => DataKeys) => Promise<OpenedStorage>

export function sealedLogContract(name: string, open: Open): void {
  const check = (claim: string, body: (log: RecordLog, keys: FixedDataKeys, storage: OpenedStorage) => Promise<void>) =>
    test(`${name}: ${claim}`, async () => {
      const keys = new FixedDataKeys()
      const storage = await open(new ManualClock(), () => keys)
      try {
        await storage.log.create('plain', { retentionMs: hourMs })
        await storage.log.create('sealed', { retentionMs: hourMs, dataKey: 1 })
        await storage.log.create('other', { retentionMs: hourMs, dataKey: 2 })
        await body(storage.log, keys, storage)
      } finally {
        await storage.close()
      }
    })
  const put = (log: RecordLog, texts: string[], ids: string[], ends: number[]) =>
    log.appendRuns({ batch: batch(...texts), logs: ids.map((id) => log.find(id)), ends: Uint32Array.from(ends) })

  check('runs of sealed and other logs in one put are read back', async (log) => {
    const long = 'x'.repeat(5_000)
    await put(log, ['p', 's', '', 'o', long], ['plain', 'sealed', 'other', 'plain'], [1, 3, 4, 5])
    assert.deepEqual(listed(await log.read('sealed', 0, everything)), ['0 s', '1 '])
    assert.deepEqual(listed(await log.read('sealed', 1, everything)), ['1 '])
    assert.deepEqual(listed(await log.read('other', 0, everything)), ['0 o'])
    assert.deepEqual(listed(await log.read('plain', 0, everything)), ['0 p', `1 ${long}`])
  })

  check(
    'a log that is sealed later, by another key, and no more has all of its entries',
    async (log, keys, storage) => {
      await log.append('plain', batch('none'))
      for (const dataKey of [1, 7, 0]) {
        await log.configure('plain', { dataKey })
        await log.append('plain', batch(`by ${dataKey}`))
      }
      const all = ['0 none', '1 by 1', '2 by 7', '3 by 0']
      assert.deepEqual(listed(await log.read('plain', 0, everything)), all)
      keys.refused.set(7, disabled())
      await assert.rejects(log.read('plain', 2, everything), /KMSDisabled/)
      assert.deepEqual(listed(await log.read('plain', 3, everything)), ['3 by 0'])
      assert.deepEqual(listed(await log.read('plain', 0, { ...everything, entriesMax: 2 })), all.slice(0, 2))
      keys.refused.clear()
      if (!storage.reopen) return
      const again = await storage.reopen()
      assert.deepEqual(listed(await again.log.read('plain', 0, everything)), all)
      await again.close()
    },
  )

  check('another retention leaves the key, and another key the retention', async (log, keys) => {
    await log.configure('sealed', { retentionMs: 2 * hourMs })
    keys.refused.set(1, disabled())
    await assert.rejects(log.append('sealed', batch('no')), /KMSDisabled/)
    await log.configure('sealed', { dataKey: 3 })
    await log.append('sealed', batch('yes'))
  })

  check('a key that cannot be had fails the puts that need it, and nothing else', async (log, keys) => {
    await log.append('sealed', batch('before'))
    keys.refused.set(1, disabled())
    const outcomes = await put(log, ['p', 's', 'o'], ['plain', 'sealed', 'other'], [1, 2, 3])
    assert.deepEqual(
      [0, 1, 2].map((run) => outcomes.error(run)?.message),
      [undefined, 'KMSDisabledException', undefined],
    )
    assert.deepEqual([outcomes.firstOffsets[0], outcomes.firstOffsets[2]], [0, 0])
    await assert.rejects(log.read('sealed', 0, everything), /KMSDisabled/)
    assert.deepEqual(await log.bounds('sealed'), { start: 0, end: 1 })
    keys.refused.clear()
    assert.equal((await log.append('sealed', batch('after'))).firstOffset, 1)
    assert.deepEqual(listed(await log.read('sealed', 0, everything)), ['0 before', '1 after'])
  })

  check(
    'a key service that does not answer holds up its own puts, in their order, and no others',
    async (log, keys) => {
      const gate = Promise.withResolvers<void>()
      keys.gate = gate.promise
      keys.away.add(1)
      const waiting = [put(log, ['1', 'p'], ['sealed', 'plain'], [1, 2]), log.append('sealed', batch('2'))]
      await log.append('other', batch('other'))
      assert.equal((await log.append('plain', batch('q'))).firstOffset, 1)
      await log.configure('sealed', { dataKey: 2 }) // which is held; and yet what comes now comes after those that wait
      waiting.push(log.append('sealed', batch('3')))
      const closing = log.close('sealed')
      await assert.rejects(log.append('sealed', batch('4')), LogClosed)
      gate.resolve()
      await Promise.all(waiting)
      assert.deepEqual(await closing, { endOffset: 3 })
      assert.deepEqual(listed(await log.read('sealed', 0, everything)), ['0 1', '1 2', '2 3'])
      assert.equal(keys.found, 1)
    },
  )

  check('what waits for keys is bounded', async (log, keys) => {
    const gate = Promise.withResolvers<void>()
    keys.gate = gate.promise
    keys.away.add(1)
    const large = () => batchOf([new Uint8Array(6 * 1024 * 1024)])
    const waiting = [log.append('sealed', large()), log.append('sealed', large())]
    await assert.rejects(log.append('sealed', large()), StorageBusy)
    gate.resolve()
    await Promise.all(waiting)
    assert.deepEqual(await log.bounds('sealed'), { start: 0, end: 2 })
  })

  check('a key is asked for once for all that wait for it, and once for a read', async (log, keys) => {
    keys.away.add(1)
    await Promise.all(Array.from({ length: 20 }, (_, i) => log.append('sealed', batch(`${i}`))))
    assert.equal(keys.found, 1)
    keys.away.add(1)
    const read: EntryBlock[] = [...(await log.read('sealed', 0, everything))]
    assert.equal(listed(read).length, 20)
    assert.equal(keys.found, 2)
  })
}
