import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { Catalog } from './catalog.ts'
import { batchOf, type EntryBlock, entryAt, entryCount, LogClosed, LogNotFound, type RecordLog } from './log.ts'
import type { Storage } from './storage.ts'

/*
 * What every storage promises (log.ts, catalog.ts), as cases. `open` opens a fresh storage; those that outlive the
 * process give `reopen`, which closes it and opens the same data again.
 */

export type OpenedStorage = Storage & { reopen?(): Promise<OpenedStorage> }

type Open = (clock: ManualClock) => Promise<OpenedStorage>

const hourMs = 3_600_000
const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }

export function recordLogContract(name: string, open: Open): void {
  const check = (claim: string, body: (storage: OpenedStorage, log: RecordLog, clock: ManualClock) => Promise<void>) =>
    test(`${name}: ${claim}`, async () => {
      const clock = new ManualClock()
      const storage = await open(clock)
      try {
        await storage.log.create('a', { retentionMs: hourMs })
        await body(storage, storage.log, clock)
      } finally {
        await storage.close()
      }
    })

  check('a new log is empty', async (_, log) => {
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 0 })
    assert.deepEqual(await log.read('a', 0, everything), [])
    assert.equal(await log.offsetAt('a', 0), 0)
  })

  check('an append is read back, in order, with its offsets and time', async (_, log, clock) => {
    const first = await log.append('a', batch('one', 'two'))
    await clock.advance(5)
    const second = await log.append('a', batch('three'))
    assert.deepEqual(first, { firstOffset: 0, timestampMs: clock.nowMs() - 5 })
    assert.deepEqual(second, { firstOffset: 2, timestampMs: clock.nowMs() })
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 one', '1 two', '2 three'])
    assert.deepEqual(listed(await log.read('a', 1, everything)), ['1 two', '2 three'])
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 3 })
  })

  check('entries may be empty, and hold any bytes', async (_, log) => {
    const bytes = Uint8Array.from({ length: 256 }, (__, i) => i)
    await log.append('a', batchOf([new Uint8Array(0), bytes, new Uint8Array(0)]))
    const [block] = await log.read('a', 0, everything)
    assert.deepEqual(
      [0, 1, 2].map((i) => entryAt(block!, i).byteLength),
      [0, 256, 0],
    )
    assert.deepEqual(Buffer.from(entryAt(block!, 1)), Buffer.from(bytes))
  })

  check('creating a log that exists changes nothing', async (_, log, clock) => {
    await log.append('a', batch('one'))
    await log.create('a', { retentionMs: 1 })
    await clock.advance(1000)
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 one'])
  })

  check('many calls at once to create a log make one', async (_, log) => {
    await Promise.all(Array.from({ length: 20 }, () => log.create('b', { retentionMs: hourMs })))
    await log.append('b', batch('one'))
    await log.create('b', { retentionMs: hourMs })
    assert.deepEqual(await log.bounds('b'), { start: 0, end: 1 })
  })

  check('a deleted log is not found, and deleting it again does nothing', async (_, log) => {
    await log.append('a', batch('one'))
    await log.delete('a')
    await log.delete('a')
    await log.delete('never made')
    await assert.rejects(log.append('a', batch('two')), LogNotFound)
    await assert.rejects(log.read('a', 0, everything), LogNotFound)
    await assert.rejects(log.bounds('a'), LogNotFound)
    await assert.rejects(log.offsetAt('a', 0), LogNotFound)
    await assert.rejects(log.trim('a', 0), LogNotFound)
    await assert.rejects(log.close('a'), LogNotFound)
    await assert.rejects(log.configure('a', { retentionMs: 1 }), LogNotFound)
  })

  check('a log made anew after deletion has nothing of the old one', async (_, log) => {
    await log.append('a', batch('one'))
    const deleted = log.delete('a')
    await log.create('a', { retentionMs: hourMs })
    await deleted
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 0 })
    await log.append('a', batch('new'))
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 new'])
  })

  check('logs do not see each other, whatever their names', async (_, log) => {
    for (const id of ['__proto__', 'constructor', 'a/b', '../a', 'é\u0000']) {
      await log.create(id, { retentionMs: hourMs })
      await log.append(id, batch(id))
      assert.deepEqual(listed(await log.read(id, 0, everything)), [`0 ${id}`])
    }
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 0 })
  })

  check('a closed log takes nothing more and is still read', async (_, log) => {
    const pending = [log.append('a', batch('one')), log.append('a', batch('two'))]
    assert.deepEqual(await log.close('a'), { endOffset: 2 })
    await Promise.all(pending)
    assert.deepEqual(await log.close('a'), { endOffset: 2 })
    await assert.rejects(log.append('a', batch('three')), LogClosed)
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 one', '1 two'])
  })

  check(
    'appends to several logs by one call have an outcome each, and one that is refused keeps none away',
    async (_, log) => {
      for (const id of ['b', 'closed']) await log.create(id, { retentionMs: hourMs })
      await log.close('closed')
      const outcomes = await log.appendRuns({
        batch: batch('b0', 'b1', 'no', 'a0', 'no', 'b2'),
        logs: ['b', 'closed', 'a', 'none', 'b'].map((id) => log.find(id)),
        ends: Uint32Array.of(2, 3, 4, 5, 6),
      })
      const places = Array.from({ length: 5 }, (__, i) => outcomes.error(i)?.constructor ?? outcomes.firstOffsets[i])
      assert.deepEqual(places, [0, LogClosed, 0, LogNotFound, 2])
      assert.deepEqual(listed(await log.read('b', 0, everything)), ['0 b0', '1 b1', '2 b2'])
      assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 a0'])
      await log.appendRuns({ batch: batch(), logs: [], ends: new Uint32Array(0) })
    },
  )

  check('a log that was found is another one when it was deleted and made anew', async (_, log) => {
    const old = log.find('a')
    await log.delete('a')
    await log.create('a', { retentionMs: hourMs })
    const [batchOfTwo, ends] = [batch('old', 'new'), Uint32Array.of(1, 2)]
    const outcomes = await log.appendRuns({ batch: batchOfTwo, logs: [old, log.find('a')], ends })
    assert(outcomes.error(0) instanceof LogNotFound)
    assert.equal(outcomes.error(1), undefined)
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 new'])
  })

  check('many entries for many logs in one call come to the logs that they are for', async (_, log) => {
    const ids = Array.from({ length: 150 }, (__, i) => `log ${i}`)
    for (const id of ids) await log.create(id, { retentionMs: hourMs })
    const text = (id: string, round: number, i: number) => `${id} ${round} ${i} ${'x'.repeat((i * 37) % 300)}`
    for (const round of [0, 1]) {
      const lengths = ids.map((_id, i) => (i * 7) % 5)
      const texts = ids.flatMap((id, i) => Array.from({ length: lengths[i]! }, (__, j) => text(id, round, j)))
      const ends = Uint32Array.from(lengths, (__, i) => lengths.slice(0, i + 1).reduce((sum, n) => sum + n, 0))
      await log.appendRuns({ batch: batch(...texts), logs: ids.map((id) => log.find(id)), ends })
    }
    for (const [i, id] of ids.entries()) {
      const length = (i * 7) % 5
      const wanted = [0, 1].flatMap((round) =>
        Array.from({ length }, (__, j) => `${round * length + j} ${text(id, round, j)}`),
      )
      assert.deepEqual(listed(await log.read(id, 0, everything)), wanted)
    }
  })

  check('concurrent appends are whole, in order of arrival and without a gap', async (_, log) => {
    await log.create('b', { retentionMs: hourMs })
    const calls = Array.from({ length: 200 }, (__, i) => log.append(i % 3 ? 'a' : 'b', batch(`${i}x`, `${i}y`)))
    const appended = await Promise.all(calls)
    for (const id of ['a', 'b']) {
      const mine = appended.map((given, i) => ({ given, i })).filter(({ i }) => (i % 3 ? 'a' : 'b') === id)
      assert.deepEqual(
        mine.map(({ given }) => given.firstOffset),
        mine.map((__, n) => 2 * n),
      )
      const wanted = mine.flatMap(({ i }, n) => [`${2 * n} ${i}x`, `${2 * n + 1} ${i}y`])
      assert.deepEqual(listed(await log.read(id, 0, everything)), wanted)
    }
  })

  check('a read stops at its limits, and gives one entry however large', async (_, log) => {
    await log.append('a', batch('12345', '12345', '12345'))
    await log.append('a', batch('12345', '12345'))
    const offsets = async (from: number, bytesMax: number, entriesMax: number) =>
      listed(await log.read('a', from, { bytesMax, entriesMax })).map((line) => Number(line.split(' ')[0]))
    assert.deepEqual(await offsets(0, 10, 100), [0, 1])
    assert.deepEqual(await offsets(1, 15, 100), [1, 2, 3])
    assert.deepEqual(await offsets(0, 100, 4), [0, 1, 2, 3])
    assert.deepEqual(await offsets(2, 1, 100), [2])
    assert.deepEqual(await offsets(3, 0, 100), [3])
    assert.deepEqual(await offsets(5, 100, 100), [])
    assert.deepEqual(await offsets(99, 100, 100), [])
  })

  check('a time leads to the first entry at or after it', async (_, log, clock) => {
    const startMs = clock.nowMs()
    for (const text of ['one', 'two', 'three']) {
      await log.append('a', batch(text, text))
      await clock.advance(10)
    }
    const found = await Promise.all(
      [0, startMs, startMs + 1, startMs + 10, startMs + 20, startMs + 21].map((ms) => log.offsetAt('a', ms)),
    )
    assert.deepEqual(found, [0, 0, 2, 2, 4, 6])
    await log.trim('a', 3)
    assert.equal(await log.offsetAt('a', startMs), 3)
  })

  check('time goes on within a log when the clock goes back', async (_, log, clock) => {
    const { timestampMs } = await log.append('a', batch('one'))
    clock.setWallClock(timestampMs - 24 * hourMs)
    assert.equal((await log.append('a', batch('two'))).timestampMs, timestampMs)
    clock.setWallClock(timestampMs + 1)
    assert.equal((await log.append('a', batch('three'))).timestampMs, timestampMs + 1)
    assert.equal(await log.offsetAt('a', timestampMs + 1), 2)
  })

  check(
    'nothing expires early when the clock is set a year ahead, a day back, and right again',
    async (_, log, clock) => {
      const dayMs = 24 * hourMs
      await log.append('a', batch('one'))
      for (const stepMs of [365 * dayMs, -365 * dayMs, -dayMs, dayMs]) {
        clock.setWallClock(clock.nowMs() + stepMs)
        await log.append('a', batch('more'))
        assert.equal((await log.bounds('a')).start, 0)
      }
      assert.deepEqual(await log.bounds('a'), { start: 0, end: 5 })
    },
  )

  check('a clock that goes a day back and forth while only puts come expires nothing', async (_, log, clock) => {
    for (const stepMs of [-24 * hourMs, 24 * hourMs]) {
      clock.setWallClock(clock.nowMs() + stepMs)
      await log.append('a', batch('one'))
    }
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 2 })
  })

  check('entries are gone after the retention, and not before', async (_, log, clock) => {
    await log.append('a', batch('one', 'two'))
    await clock.advance(10)
    await log.append('a', batch('three'))
    await clock.advance(hourMs - 10)
    assert.deepEqual(await log.bounds('a'), { start: 0, end: 3 })
    await clock.advance(1)
    assert.deepEqual(await log.bounds('a'), { start: 2, end: 3 })
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['2 three'])
    await clock.advance(hourMs)
    assert.deepEqual(await log.bounds('a'), { start: 3, end: 3 })
    assert.equal(await log.offsetAt('a', 0), 3)
    assert.equal((await log.append('a', batch('four'))).firstOffset, 3)
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['3 four'])
  })

  check('a longer retention does not bring back what is gone', async (_, log, clock) => {
    await log.append('a', batch('one'))
    await clock.advance(2 * hourMs)
    await log.append('a', batch('two'))
    await log.configure('a', { retentionMs: 24 * hourMs })
    assert.deepEqual(await log.bounds('a'), { start: 1, end: 2 })
    await clock.advance(23 * hourMs)
    assert.deepEqual(await log.bounds('a'), { start: 1, end: 2 })
    await log.configure('a', { retentionMs: hourMs })
    assert.deepEqual(await log.bounds('a'), { start: 2, end: 2 })
    await log.configure('a', { retentionMs: 48 * hourMs })
    assert.deepEqual(await log.read('a', 0, everything), [])
  })

  check('trimming lets go of what is before an offset, once and for all', async (_, log) => {
    await log.append('a', batch('one', 'two', 'three'))
    await log.trim('a', 2)
    await log.trim('a', 1)
    assert.deepEqual(await log.bounds('a'), { start: 2, end: 3 })
    assert.deepEqual(listed(await log.read('a', 0, everything)), ['2 three'])
    await log.trim('a', 99)
    assert.deepEqual(await log.bounds('a'), { start: 3, end: 3 })
    assert.equal((await log.append('a', batch('four'))).firstOffset, 3)
    assert.deepEqual(await log.bounds('a'), { start: 3, end: 4 })
  })

  check('what the kept entries take is known, and gets less when some are gone', async (storage, log, clock) => {
    const takes = async (bytesMin: number, bytesMax: number) => {
      const bytes = await log.sizeBytes('a')
      assert.ok(bytes >= bytesMin && bytes <= bytesMax, `${bytes} bytes, not ${bytesMin} to ${bytesMax}`)
    }
    const entries = batchOf(Array.from({ length: 10 }, () => Buffer.alloc(100, 'x')))
    const [appendMin, appendMax] = [1000, 1200]
    assert.equal(await log.sizeBytes('a'), 0)
    for (let i = 0; i < 8; i++) {
      await log.append('a', { bytes: entries.bytes.slice(), positions: entries.positions })
      await log.create('b', { retentionMs: hourMs })
      await log.append('b', batch('not of a'))
      await takes((i + 1) * appendMin, (i + 1) * appendMax)
      await clock.advance(10)
    }
    await log.trim('a', 20)
    await takes(6 * appendMin, 6 * appendMax)
    await log.trim('a', 25)
    await takes(5.5 * appendMin, 6 * appendMax)
    if (storage.reopen) {
      const reopened = await storage.reopen()
      storage.close = () => reopened.close()
      log = reopened.log
    }
    await takes(5.5 * appendMin, 6 * appendMax)
    await clock.advance(hourMs - 40) // the fourth is the first that stays
    await takes(3 * appendMin, 5 * appendMax)
    await log.trim('a', 79)
    await takes(0.1 * appendMin, appendMax)
    await log.trim('a', 80)
    assert.equal(await log.sizeBytes('a'), 0)
    await assert.rejects(log.sizeBytes('never made'), LogNotFound)
  })

  check('a read that waits is woken by an append', async (_, log) => {
    const reading = log.read('a', 0, { ...everything, waitMs: hourMs })
    await log.append('a', batch('one'))
    assert.deepEqual(listed(await reading), ['0 one'])
  })

  check('a read that waits goes on waiting when what comes is before its offset', async (_, log) => {
    const reading = log.read('a', 1, { ...everything, waitMs: hourMs })
    await log.append('a', batch('one'))
    await log.append('a', batch('two'))
    assert.deepEqual(listed(await reading), ['1 two'])
  })

  check('a read that waits ends with nothing when its time is over', async (_, log, clock) => {
    const reading = log.read('a', 0, { ...everything, waitMs: 100 })
    await clock.advance(100)
    assert.deepEqual(await reading, [])
  })

  check('a read that waits ends when it is aborted', async (_, log) => {
    const aborted = new AbortController()
    const reading = log.read('a', 0, { ...everything, waitMs: hourMs }, aborted.signal)
    aborted.abort()
    assert.deepEqual(await reading, [])
    assert.deepEqual(await log.read('a', 0, { ...everything, waitMs: hourMs }, aborted.signal), [])
  })

  check('a read that waits ends when the log is closed, and a closed log is not waited for', async (_, log) => {
    const reading = log.read('a', 0, { ...everything, waitMs: hourMs })
    await log.close('a')
    assert.deepEqual(await reading, [])
    assert.deepEqual(await log.read('a', 0, { ...everything, waitMs: hourMs }), [])
  })

  check('a read that waits fails when the log is deleted', async (_, log) => {
    const reading = assert.rejects(log.read('a', 0, { ...everything, waitMs: hourMs }), LogNotFound)
    await log.delete('a')
    await reading
  })

  test(`${name}: a reopened log is as it was`, async (t) => {
    const clock = new ManualClock()
    let storage = await open(clock)
    try {
      if (!storage.reopen) return t.skip('this storage ends with the process')
      for (const id of ['a', 'closed', 'trimmed', 'deleted', 'changed', '__proto__'])
        await storage.log.create(id, { retentionMs: hourMs })
      for (const id of ['a', 'closed', 'trimmed', 'deleted', 'changed', '__proto__'])
        await storage.log.append(id, batch(`${id} one`, `${id} two`))
      const { timestampMs } = await storage.log.append('a', batch('three'))
      await storage.log.close('closed')
      await storage.log.trim('trimmed', 1)
      await storage.log.delete('deleted')
      await storage.log.configure('changed', { retentionMs: 9 * hourMs })
      clock.setWallClock(timestampMs - 1000)
      storage = await storage.reopen()
      const { log } = storage
      assert.deepEqual(listed(await log.read('a', 0, everything)), ['0 a one', '1 a two', '2 three'])
      assert.deepEqual(listed(await log.read('__proto__', 1, everything)), ['1 __proto__ two'])
      assert.deepEqual(await log.append('a', batch('four')), { firstOffset: 3, timestampMs })
      assert.deepEqual(await log.close('closed'), { endOffset: 2 })
      await assert.rejects(log.append('closed', batch('no')), LogClosed)
      assert.deepEqual(await log.bounds('trimmed'), { start: 1, end: 2 })
      await assert.rejects(log.bounds('deleted'), LogNotFound)
      await clock.advance(3 * hourMs)
      assert.deepEqual(await log.bounds('a'), { start: 4, end: 4 })
      assert.deepEqual(await log.bounds('changed'), { start: 0, end: 2 })
    } finally {
      await storage.close()
    }
  })
}

export function catalogContract(name: string, open: Open): void {
  const check = (claim: string, body: (catalog: Catalog) => Promise<void>) =>
    test(`${name}: ${claim}`, async () => {
      const storage = await open(new ManualClock())
      try {
        await body(storage.catalog)
      } finally {
        await storage.close()
      }
    })

  check('a value is put where there is none, and read back', async (catalog) => {
    assert.equal(catalog.get('k'), undefined)
    const version = await catalog.put('k', { a: [1, null, 'x', true] }, 0)
    assert.deepEqual(catalog.get('k'), { key: 'k', value: { a: [1, null, 'x', true] }, version })
  })

  check('a put at another version changes nothing', async (catalog) => {
    const version = (await catalog.put('k', 1, 0))!
    assert.equal(await catalog.put('k', 2, 0), undefined)
    assert.equal(await catalog.put('k', 2, version + 1), undefined)
    assert.equal(await catalog.put('other', 2, version), undefined)
    assert.equal(catalog.get('k')?.value, 1)
    assert.ok((await catalog.put('k', 2, version))! > version)
    assert.equal(catalog.get('k')?.value, 2)
  })

  check('of many puts at once at one version, one wins', async (catalog) => {
    const given = await Promise.all(Array.from({ length: 50 }, (_, i) => catalog.put('k', i, 0)))
    assert.deepEqual(
      given.map((version) => version !== undefined),
      given.map((_, i) => i === 0),
    )
    assert.equal(catalog.get('k')?.value, 0)
  })

  check('versions rise over the whole catalog, and are never given twice', async (catalog) => {
    const first = (await catalog.put('k', 1, 0))!
    const second = (await catalog.put('l', 1, 0))!
    assert.equal(await catalog.delete('k', first), true)
    const third = (await catalog.put('k', 1, 0))!
    assert.ok(first < second && second < third)
  })

  check('a delete at the right version deletes, and at another does not', async (catalog) => {
    const version = (await catalog.put('k', 1, 0))!
    assert.equal(await catalog.delete('k', version + 1), false)
    assert.equal(await catalog.delete('k', 0), false)
    assert.equal(await catalog.delete('none', 0), false)
    assert.equal(await catalog.delete('k', version), true)
    assert.equal(await catalog.delete('k', version), false)
    assert.equal(catalog.get('k'), undefined)
  })

  check('changes that are committed together are all made, with one version, or none', async (catalog) => {
    const first = (await catalog.put('a', 1, 0))!
    const gone = (await catalog.put('gone', 1, 0))!
    const heard: string[] = []
    catalog.watch('', (key) => heard.push(key))
    const version = await catalog.commit([
      { key: 'a', expectedVersion: first, action: 'put', value: 2 },
      { key: 'new', expectedVersion: 0, action: 'put', value: 3 },
      { key: 'gone', expectedVersion: gone, action: 'delete' },
      { key: 'absent', expectedVersion: 0, action: 'keep' },
    ])
    assert.deepEqual(catalog.list(''), [
      { key: 'a', value: 2, version },
      { key: 'new', value: 3, version },
    ])
    assert.deepEqual(heard, ['a', 'new', 'gone'])
    const stale = [
      { key: 'b', expectedVersion: 0, action: 'put', value: 1 },
      { key: 'a', expectedVersion: first, action: 'keep' },
    ] as const
    assert.equal(await catalog.commit(stale), undefined)
    assert.equal(catalog.get('b'), undefined)
  })

  check('of two commits at once over one key, one is made, and the other sees it', async (catalog) => {
    const both = await Promise.all(
      ['x', 'y'].map((other, i) =>
        catalog.commit([
          { key: 'shared', expectedVersion: 0, action: 'put', value: i },
          { key: other, expectedVersion: 0, action: 'put', value: i },
        ]),
      ),
    )
    assert.equal(both.filter((version) => version !== undefined).length, 1)
    assert.equal(catalog.list('').length, 2)
    const version = (await catalog.commit([{ key: 'last', expectedVersion: 0, action: 'put', value: 1 }]))!
    assert.ok(version > both.find((each) => each !== undefined)!)
  })

  check('a list holds the keys below a prefix in order of code unit', async (catalog) => {
    for (const key of ['s/b', 's/a', 't/a', 's/Z', 's/é', 's', '__proto__']) await catalog.put(key, key, 0)
    assert.deepEqual(
      catalog.list('s/').map(({ key }) => key),
      ['s/Z', 's/a', 's/b', 's/é'],
    )
    assert.equal(catalog.list('').length, 7)
    assert.equal(catalog.get('__proto__')?.value, '__proto__')
    assert.equal(catalog.get('constructor'), undefined)
  })

  check('a watcher hears of each change below its prefix, in order, once it shows', async (catalog) => {
    const before = (await catalog.put('s/old', 1, 0))!
    const heard: string[] = []
    const stop = catalog.watch('s/', (key) => heard.push(`${key}=${catalog.get(key)?.value}`))
    const version = (await catalog.put('s/new', 1, 0))!
    await Promise.all([catalog.put('s/new', 2, version), catalog.put('t', 1, 0), catalog.delete('s/old', before)])
    await catalog.put('s/new', 3, version)
    assert.deepEqual(heard, ['s/new=1', 's/new=2', 's/old=undefined'])
    stop()
    await catalog.put('s/last', 1, 0)
    assert.equal(heard.length, 3)
  })

  test(`${name}: a reopened catalog is as it was`, async (t) => {
    const clock = new ManualClock()
    let storage = await open(clock)
    try {
      if (!storage.reopen) return t.skip('this storage ends with the process')
      const { catalog } = storage
      await catalog.put('__proto__', { inner: 1 }, 0)
      const version = (await catalog.put('k', 1, 0))!
      const last = (await catalog.put('gone', 1, 0))!
      await catalog.delete('gone', last)
      for (let round = 0; round < 3; round++) {
        storage = await storage.reopen!()
        assert.deepEqual(
          storage.catalog.list('').map(({ key }) => key),
          ['__proto__', 'k'],
        )
        assert.equal(storage.catalog.get('k')?.version, version)
      }
      assert.ok((await storage.catalog.put('next', 1, 0))! > last + 1, 'no version is given twice')
    } finally {
      await storage.close()
    }
  })
}

const batch = (...texts: string[]) => batchOf(texts.map((text) => Buffer.from(text)))

/** Each entry as `offset text`. */
export function listed(blocks: readonly EntryBlock[]): string[] {
  const lines: string[] = []
  for (const block of blocks)
    for (let i = 0; i < entryCount(block); i++)
      lines.push(`${block.firstOffset + i} ${Buffer.from(entryAt(block, i)).toString()}`)
  return lines
}
