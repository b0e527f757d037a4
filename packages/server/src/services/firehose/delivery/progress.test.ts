import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Checkpoint } from '../sources/source.ts'
import { type DeliveryRecord, derived } from './delivery-record.ts'
import { type Page, Progress } from './progress.ts'

const progressFrom = (checkpoint: Checkpoint) => new Progress({ checkpoint, settled: [] }, 1)

const recordAt = (position: number, page: Page): DeliveryRecord => ({
  ...{ position, recordId: `${position}`, arrivalMs: 0, data: Buffer.from(`${position}`), page },
})

/** The next page of a lane, with these positions. */
function pageOf(progress: Progress, lane: string, next: string | undefined, first: number, count: number) {
  const given = { lane, next, end: first + count, records: [] }
  const page = progress.begin({ ...given, records: [] })
  const records = Array.from({ length: count }, (_, i) => recordAt(first + i, Object.assign(page, { first })))
  return { page, records: progress.left('delivered', page, records) }
}

const settle = (progress: Progress, ...records: readonly DeliveryRecord[]) => {
  for (const record of records) progress.settle('delivered', record)
}

test('a lane goes on only when its oldest page is settled', () => {
  const progress = progressFrom({ put: '5' })
  const first = pageOf(progress, 'put', '7', 5, 2)
  const second = pageOf(progress, 'put', '8', 7, 1)
  settle(progress, ...second.records)
  assert.deepEqual(progress.advance(), [])
  settle(progress, first.records[0]!)
  assert.deepEqual([progress.advance(), progress.checkpoint], [[], { put: '5' }])
  settle(progress, first.records[1]!)
  assert.deepEqual([progress.advance(), progress.checkpoint], [['put'], { put: '8' }])
  assert.deepEqual(progress.allSettled(), { version: 1, delivered: {}, kept: {} })
})

test('a page of which nothing is left is done at once, behind those before it', () => {
  const progress = progressFrom({})
  pageOf(progress, 'a', '1', 0, 0)
  pageOf(progress, 'b', '1', 0, 1)
  assert.deepEqual(progress.advance(), ['a'])
  assert.deepEqual([progress.checkpoint, progress.read], [{ a: '1' }, { a: '1', b: '1' }])
})

test('in whatever order records settle, the checkpoint is before the first that is not, and who goes on gets those alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      fc.boolean(),
      (sizes, choices, isInPieces) => {
        const progress = progressFrom({})
        let end = 0
        const pages = sizes.map((size) => {
          end += size
          return pageOf(progress, 'lane', `${end}`, end - size, size)
        })
        const left = pages.flatMap(({ records }) => records)
        const saved = [progress.allSettled()]
        while (left.length > 0) {
          settle(progress, left.splice(choices.next().value % left.length, 1)[0]!)
          progress.advance()
          const reached = Number(progress.checkpoint.lane ?? 0)
          assert.ok(left.every(({ position }) => position >= reached))
          if (isInPieces) saved.push(progress.newlySettled())
          else saved.splice(0, 1, progress.allSettled())
          const next = new Progress({ checkpoint: progress.checkpoint, settled: saved }, 1)
          const again = pageOf(next, 'lane', `${end}`, reached, end - reached)
          assert.deepEqual(
            again.records.map(({ position }) => position),
            left.map(({ position }) => position),
          )
        }
        progress.advance()
        assert.equal(progress.checkpoint.lane, `${end}`)
      },
    ),
  )
})

test('a lane that is forgotten is gone when what came before is settled, and may begin anew', () => {
  const progress = progressFrom({ a: '1', b: '7' })
  const { records } = pageOf(progress, 'a', '2', 1, 1)
  pageOf(progress, 'a', undefined, 0, 0)
  progress.advance()
  assert.deepEqual([progress.checkpoint, progress.read], [{ a: '1', b: '7' }, { b: '7' }])
  settle(progress, ...records)
  assert.deepEqual(progress.advance(), ['a'])
  assert.deepEqual(progress.checkpoint, { b: '7' })
  pageOf(progress, 'a', '9', 0, 0)
  progress.advance()
  assert.deepEqual(progress.checkpoint, { a: '9', b: '7' })
})

test('a record that became several is settled when all of them are; who goes on gets the parts that are not', () => {
  const split = ({ records }: { readonly records: readonly DeliveryRecord[] }, progress: Progress, page: Page) => {
    progress.follow(page, records)
    const made = records.flatMap((record) => ['x', 'y', 'z'].map((name) => derived(record, Buffer.from(name))))
    return progress.pass(records, { records: made, failed: [] })
  }
  const progress = progressFrom({})
  const first = pageOf(progress, 'put', '2', 0, 2)
  const parts = split(first, progress, first.page)
  assert.deepEqual(
    parts.map(({ data, part, position }) => `${position}${data}${part}`),
    ['0xundefined', '0y1', '0z2', '1xundefined', '1y1', '1z2'],
  )
  settle(progress, parts[1]!, parts[3]!, parts[4]!, parts[5]!)
  progress.advance()
  const saved = { checkpoint: progress.checkpoint, settled: [progress.allSettled()] }
  assert.deepEqual(Object.keys(saved.settled[0]!.delivered.put!.parts!), ['0'])
  const namesLeft = (version: number) => {
    const next = new Progress(saved, version)
    const again = pageOf(next, 'put', '2', 0, 2)
    const left = split(again, next, again.page)
    settle(next, ...left)
    next.advance()
    assert.deepEqual(next.checkpoint, { put: '2' })
    return left.map(({ data, part }) => `${data}${part}`)
  }
  assert.deepEqual(namesLeft(1), ['xundefined', 'z2'])
  assert.deepEqual(namesLeft(2), ['xundefined', 'y1', 'z2'], 'other settings may make other parts of it')
  settle(progress, parts[0]!, parts[2]!)
  assert.deepEqual(progress.advance(), ['put'])
})

test('a record that a transform drops is settled, and one that fails is when its error record is', () => {
  const progress = progressFrom({})
  const { page, records } = pageOf(progress, 'put', '3', 0, 3)
  progress.follow(page, records)
  const failed = { record: records[1]!, errorOutputType: 'processing-failed', errorCode: '', errorMessage: '' } as const
  const passed = progress.pass(records, {
    records: [records[2]!],
    failed: [{ ...failed, attemptsMade: 1, attemptEndingMs: 0 }],
  })
  const positionsLeft = () => {
    const next = new Progress({ checkpoint: {}, settled: [progress.allSettled()] }, 1)
    return pageOf(next, 'put', '3', 0, 3).records.map(({ position }) => position)
  }
  assert.deepEqual(positionsLeft(), [1, 2])
  settle(progress, ...passed)
  assert.deepEqual(positionsLeft(), [1])
  settle(progress, records[1]!)
  assert.deepEqual(progress.advance(), ['put'])
})

test('records of an aggregate are settled one by one, also where they come in several pages', () => {
  const aggregate = (progress: Progress, next: string, indexes: readonly number[], end = 0) => {
    const records = indexes.map((index) => ({
      ...{ position: 7, recordId: `${index}`, arrivalMs: 0, data: Buffer.from(`${index}`) },
      among: { index, of: 4 },
    }))
    const page = progress.begin({ lane: 's', next, end, records })
    return progress.left(
      'delivered',
      page,
      records.map((record) => ({ ...record, page })),
    )
  }
  const progress = progressFrom({ s: 'a' })
  const [first, second] = aggregate(progress, 'a', [0, 1])
  const [third, fourth] = aggregate(progress, 'b', [2, 3], 8)
  settle(progress, second!, third!)
  progress.advance()
  assert.deepEqual(progress.checkpoint, { s: 'a' })
  const next = new Progress({ checkpoint: { s: 'a' }, settled: [progress.allSettled()] }, 1)
  const left = [...aggregate(next, 'a', [0, 1]), ...aggregate(next, 'b', [2, 3], 8)]
  assert.deepEqual(
    left.map(({ recordId }) => recordId),
    ['0', '3'],
  )
  settle(next, ...left)
  settle(progress, first!, fourth!)
  for (const each of [progress, next]) {
    assert.deepEqual([each.advance(), each.checkpoint], [['s'], { s: 'b' }])
    assert.deepEqual(each.allSettled().delivered, {})
  }
})
