import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf, type RecordLog, StorageFailed } from '../log.ts'
import { type DiskCall, FaultyMemoryDisk } from './disk-fixture.ts'
import { allOf, type EmbeddedFixture, openIn } from './fixture.ts'

const directory = '/data'
const hourMs = 3_600_000
const calls: readonly DiskCall[] = ['append', 'dataSync', 'create', 'rename', 'remove', 'syncDirectory', 'open', 'read']

/** What was acknowledged of each log, and what was answered with a failure: that may be there or not. */
class Expected {
  readonly acknowledged = new Map<string, string[]>()
  readonly unknown = new Set<string>()
  failures = 0
  #next = 0

  async put(log: RecordLog, logId: string): Promise<void> {
    const text = `entry ${this.#next++} of ${logId} ${'x'.repeat((this.#next * 7) % 40)}`
    try {
      const { firstOffset } = await log.append(logId, batchOf([Buffer.from(text)]))
      this.acknowledged.set(logId, [...(this.acknowledged.get(logId) ?? []), `${firstOffset} ${text}`])
    } catch (error) {
      assert.ok(error instanceof StorageFailed, String(error))
      this.unknown.add(text)
      this.failures++
    }
  }

  /** Does it, and once more if it fails: a disk that failed once must not stop anything. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      assert.ok(error instanceof StorageFailed || (error as NodeJS.ErrnoException).code, String(error))
      this.failures++
      return work()
    }
  }

  /** In the process that acknowledged: exactly that is served. */
  async checkServed(log: RecordLog): Promise<void> {
    for (const [logId, lines] of this.acknowledged)
      assert.deepEqual(await this.attempt(() => allOf(log, logId)), lines, logId)
  }

  /** In the next process: all of that, in order, and nothing but that and what was in doubt. */
  async checkKept(log: RecordLog): Promise<void> {
    for (const [logId, lines] of this.acknowledged) {
      const found = await allOf(log, logId)
      const certain = found.filter((line) => !this.unknown.has(line.slice(line.indexOf(' ') + 1)))
      assert.deepEqual(certain, lines, logId)
      const offsets = found.map((line) => Number.parseInt(line, 10))
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].sort((a, b) => a - b),
        `${logId}: offsets rise`,
      )
    }
  }
}

/** Puts, rolls, a split, a retention that ends and its sweep, a deletion. */
async function live(storage: EmbeddedFixture, clock: ManualClock, expected: Expected): Promise<void> {
  const { log } = storage
  const make = (logId: string, retentionMs = 1000 * hourMs) =>
    expected.attempt(() => log.create(logId, { retentionMs }))
  await make('short', hourMs)
  await make('a')
  for (let i = 0; i < 5; i++) await expected.attempt(() => log.append('short', batchOf([Buffer.from(`short ${i}`)])))
  for (let i = 0; i < 3; i++) await expected.put(log, 'a')
  await expected.checkServed(log)
  await expected.attempt(() => log.close('a'))
  await Promise.all([make('left'), make('right')])
  for (let i = 0; i < 3; i++) await Promise.all(['left', 'right', 'left'].map((logId) => expected.put(log, logId)))
  await clock.advance(1000) // marks are written
  await expected.put(log, 'right')
  await expected.checkServed(log)
  await clock.advance(2 * hourMs)
  await expected.attempt(() => storage.sweep())
  await expected.attempt(() => log.delete('short'))
  await expected.attempt(() => storage.sweep())
  for (let i = 0; i < 2; i++) await expected.put(log, 'left')
  await expected.checkServed(log)
}

/** A folder of an earlier process: what is read of it comes from the disk. */
async function lived(expected: Expected): Promise<FaultyMemoryDisk> {
  const disk = new FaultyMemoryDisk()
  const storage = await openOn(disk)
  await storage.log.create('old', { retentionMs: 1000 * hourMs })
  for (let i = 0; i < 6; i++) await expected.put(storage.log, 'old')
  await storage.close()
  return disk.copy()
}

const openOn = (disk: FaultyMemoryDisk, clock = new ManualClock()) =>
  openIn(directory, { fileSystem: disk, clock, segmentBytesMax: 256 })

/** A disk on which the nth call of a kind fails, and `length - 1` more after it. */
function failAt(disk: FaultyMemoryDisk, call: DiskCall, nth: number, code: string, length = 1): () => boolean {
  let seen = 0
  disk.fails = (called) => (called === call && ++seen >= nth && seen < nth + length ? code : undefined)
  return () => seen >= nth
}

/** A full disk refuses what needs room, and gives what it has. */
const callsOf = { EIO: calls, ENOSPC: calls.filter((call) => call !== 'read' && call !== 'remove') }

for (const [code, ofCode] of Object.entries(callsOf))
  for (const call of ofCode)
    test(`${code} of ${call}, at whichever call of a history: nothing is acknowledged falsely, and all goes on`, async (t) => {
      let places = 0
      let failures = 0
      for (let nth = 1; ; nth++) {
        const expected = new Expected()
        const disk = await lived(expected)
        const clock = new ManualClock()
        const storage = await openOn(disk, clock)
        const hasFailed = failAt(disk, call, nth, code)
        await live(storage, clock, expected)
        const killed = disk.copy()
        await storage.close()
        if (!hasFailed()) break
        places++
        failures += expected.failures
        assert.ok(expected.failures <= 3, `${expected.failures} calls failed by one fault`) // one commit's puts
        assert.deepEqual(disk.touchedAfterFailedSync, [], `${call} ${nth}`)
        for (const state of [killed, disk.copy()]) {
          const reopened = await openOn(state, clock)
          await expected.checkKept(reopened.log)
          const { firstOffset } = await reopened.log.append('left', batchOf([Buffer.from('more')]))
          assert.equal((await allOf(reopened.log, 'left')).at(-1), `${firstOffset} more`)
          await reopened.close()
        }
      }
      assert.ok(places > 0)
      t.diagnostic(`${places} places, ${failures} calls refused, 0 acknowledged lost`)
    })

test('when opening fails, at whichever call, the next opening finds all', async (t) => {
  let places = 0
  const expected = new Expected()
  const disk = await lived(expected)
  const clock = new ManualClock()
  const storage = await openOn(disk, clock)
  await live(storage, clock, expected)
  for (const call of calls)
    for (let nth = 1; ; nth++) {
      const copy = disk.copy()
      const hasFailed = failAt(copy, call, nth, 'EIO')
      let opened: EmbeddedFixture | undefined
      try {
        opened = await openOn(copy, clock)
      } catch (error) {
        assert.match(String(error), /EIO/)
        assert.deepEqual(copy.openFiles, [], `a failed opening leaves files open: ${call} ${nth}`)
      }
      await opened?.close()
      if (!hasFailed()) break
      places++
      assert.deepEqual(copy.touchedAfterFailedSync, [])
      const again = await openOn(copy.copy(), clock)
      await expected.checkKept(again.log)
      await again.close()
    }
  await storage.close()
  t.diagnostic(`${places} places`)
})
