import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentBlocks } from './recent-blocks.ts'

const kilobyte = 1024

/** Blocks of a kilobyte, in a room for a few of them; and which puts gave their memory back. */
function fixture() {
  const recent = new RecentBlocks(6 * kilobyte)
  const trim = () => {
    ask(recent)
    recent.trim()
  }
  return { ...filling(recent), trim }
}

/** For what is not there. */
const ask = (recent: RecentBlocks) => assert.equal(recent.entries(-1, 0, 0), undefined)

function filling(recent: RecentBlocks) {
  const released: string[] = []
  let position = 0
  return {
    recent,
    released,
    /** Adds a put of one entry for each of so many logs, a block for each. Returns where they lie. */
    put(name: string, logCount: number): number[] {
      const put = {
        batch: {
          bytes: new Uint8Array(logCount),
          positions: Uint32Array.from({ length: logCount + 1 }, (_, i) => i),
          release: () => released.push(name),
        },
        logs: Array.from({ length: logCount }, (_, number) => ({ number, id: `log-${number}` })),
        ends: Uint32Array.from({ length: logCount }, (_, i) => i + 1),
        firstOffsets: new Array<number>(logCount).fill(0),
        isShown: false,
      }
      return Array.from({ length: logCount }, (_, run) => {
        recent.add({ position, put, firstRun: run, endRun: run + 1, timestampMs: 0 }, kilobyte)
        position += kilobyte
        return position - kilobyte
      })
    },
  }
}

test('the memory of a put is given back when the last of its blocks goes, and not before', () => {
  const { released, put, trim } = fixture()
  put('first', 2)
  put('second', 2)
  trim()
  assert.deepEqual(released, [], 'one block of the first is still here')
  put('third', 1)
  trim()
  assert.deepEqual(released, ['first'])
})

test('what is being written stays, however much it is', () => {
  const { released, put, trim } = fixture()
  for (const name of ['first', 'second', 'third']) put(name, 4)
  assert.deepEqual(released, [])
  trim()
  assert.deepEqual(released, ['first', 'second'])
})

test('memory that a reader was shown is never given back', () => {
  const { recent, released, put } = fixture()
  const [, second] = put('shown', 2)
  put('unseen', 1)
  assert.ok(recent.entries(second!, 1, 0))
  assert.equal(recent.entries(second!, 0, 0), undefined, 'the other log’s entry is in another block')
  recent.clear()
  assert.deepEqual(released, ['unseen'])
})

test('while nobody asks, an eighth is kept, and all of the room again once somebody does', () => {
  const { recent, released, put } = filling(new RecentBlocks(48 * kilobyte))
  for (const name of ['1', '2', '3', '4', '5']) put(name, 1) // each takes not quite two kilobytes
  recent.trim()
  assert.deepEqual(released, ['1', '2'])
  ask(recent)
  for (let i = 0; i < 20; i++) put('behind a reader', 1)
  recent.trim()
  assert.deepEqual(released, ['1', '2'])
})

test('a segment begins with the readers of the one before, if they still ask', () => {
  const before = new RecentBlocks(48 * kilobyte)
  const releasedOf = (name: string) => {
    const { recent, released, put } = filling(new RecentBlocks(48 * kilobyte, before))
    for (let i = 0; i < 5; i++) put(name, 1)
    recent.trim()
    return released.length
  }
  ask(before)
  assert.equal(releasedOf('read'), 0)
  for (let i = 0; i < 30; i++) filling(before).put('since then', 1)
  assert.equal(releasedOf('unread'), 2)
})
