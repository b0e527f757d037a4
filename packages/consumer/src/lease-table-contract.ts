import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { shardEnd, trimHorizon } from './checkpoint.ts'
import { type Item, type Lease, newLease } from './lease.ts'
import { type LeaseTable, LeaseTableMissing, type Written } from './lease-table.ts'

export type TableUnderTest = {
  readonly table: LeaseTable
  /** Writes a row as somebody else would. */
  put(item: Item): Promise<void>
  /** Reads a row as somebody else would. */
  row(leaseKey: string): Promise<Item | undefined>
  deleteTable(): Promise<void>
}

const range = { start: '0', end: '340282366920938463463374607431768211455' }
const shard = 'shardId-000000000007'

/** What every lease table promises. */
export function leaseTableContract(name: string, open: (t: TestContext) => Promise<TableUnderTest>): void {
  const check = (statement: string, body: (under: TableUnderTest) => Promise<void>) =>
    test(`${name}: ${statement}`, async (t) => {
      const under = await open(t)
      await under.table.ensure(new AbortController().signal)
      await body(under)
    })

  check('a new lease is written once, by the attributes of KCL', async ({ table, row }) => {
    const lease = newLease(shard, trimHorizon, ['shardId-000000000001', 'shardId-000000000002'], range)
    assert.equal(await table.create(lease), true)
    assert.equal(await table.create(lease), false)
    assert.deepEqual(sorted(await row(shard)), {
      checkpoint: { S: 'TRIM_HORIZON' },
      checkpointSubSequenceNumber: { N: '0' },
      endingHashKey: { S: range.end },
      leaseCounter: { N: '0' },
      leaseKey: { S: shard },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      parentShardId: { SS: ['shardId-000000000001', 'shardId-000000000002'] },
      startingHashKey: { S: '0' },
    })
    assert.deepEqual(await table.get(shard), lease)
    assert.deepEqual(await table.list({ consistent: true }), [lease])
  })

  check('of two workers who saw the same row, one takes it', async ({ table, row }) => {
    const seen = await created(table)
    const first = lease(await table.take(seen, 'a'))
    const second = await table.take(seen, 'b')
    assert.equal(second.done, false)
    assert.equal(!second.done && second.found?.leaseOwner, 'a')
    assert.equal(first.leaseCounter, 1)
    assert.deepEqual((await row(shard))?.leaseOwner, { S: 'a' })
    assert.equal(lease(await table.take(first, 'b')).ownerSwitchesSinceCheckpoint, 1)
  })

  check('a renewal raises the counter, and fails when the counter moved', async ({ table }) => {
    const held = lease(await table.take(await created(table), 'a'))
    const renewed = lease(await table.renew(held))
    assert.equal(renewed.leaseCounter, held.leaseCounter + 1)
    const late = await table.renew(held)
    assert.equal(late.done, false)
    assert.deepEqual(!late.done && late.found, renewed)
    assert.equal(lease(await table.take(renewed, 'b')).leaseOwner, 'b')
    assert.equal((await table.renew(renewed)).done, false)
  })

  check(
    'a checkpoint is written with its sub-sequence number, and clears the owner switches',
    async ({ table, row }) => {
      const held = lease(await table.take(lease(await table.take(await created(table), 'a')), 'b'))
      assert.equal(held.ownerSwitchesSinceCheckpoint, 1)
      const moved = lease(await table.checkpoint(held, { sequenceNumber: '495', subSequenceNumber: 3 }, null))
      const item = await row(shard)
      assert.deepEqual(
        [item?.checkpoint, item?.checkpointSubSequenceNumber, item?.ownerSwitchesSinceCheckpoint, item?.leaseCounter],
        [{ S: '495' }, { N: '3' }, { N: '0' }, { N: String(moved.leaseCounter) }],
      )
      assert.equal((await table.checkpoint(held, shardEnd, null)).done, false)
      assert.deepEqual((await table.get(shard))?.checkpoint, { sequenceNumber: '495', subSequenceNumber: 3 })
    },
  )

  check('a prepared checkpoint lies beside the checkpoint until it is committed', async ({ table, row }) => {
    const held = lease(await table.take(await created(table), 'a'))
    const place = { sequenceNumber: '600', subSequenceNumber: 1 }
    const state = Uint8Array.of(1, 2, 3)
    const prepared = lease(await table.checkpoint(held, trimHorizon, { checkpoint: place, state }))
    assert.deepEqual((await table.get(shard))?.pendingCheckpoint, place)
    assert.deepEqual([...((await table.get(shard))?.pendingCheckpointState ?? [])], [...state])
    await table.checkpoint(prepared, place, null)
    const item = await row(shard)
    assert.deepEqual(
      [item?.pendingCheckpoint, item?.pendingCheckpointSubSequenceNumber, item?.pendingCheckpointState],
      [undefined, undefined, undefined],
    )
  })

  check('a lease that was released has no owner, and can be taken', async ({ table, row }) => {
    const held = lease(await table.take(await created(table), 'a'))
    const free = lease(await table.release(held))
    assert.equal((await row(shard))?.leaseOwner, undefined)
    assert.equal(lease(await table.take(free, 'b')).ownerSwitchesSinceCheckpoint, 0)
  })

  check(
    "a leader's wish to move a lease is found at the next renewal, and releasing it obeys",
    async ({ table, put, row }) => {
      const held = lease(await table.take(await created(table), 'old'))
      await put({ ...(await row(shard)), leaseOwner: { S: 'new' }, checkpointOwner: { S: 'old' } })
      const refused = await table.renew(held)
      assert.equal(refused.done, false)
      const found = (!refused.done && refused.found) || held
      assert.deepEqual([found.leaseOwner, found.checkpointOwner, found.leaseCounter], ['new', 'old', held.leaseCounter])
      const renewed = lease(await table.renew(found))
      const checkpointed = lease(await table.checkpoint(renewed, { sequenceNumber: '9', subSequenceNumber: 0 }, null))
      await table.release(checkpointed)
      const item = await row(shard)
      assert.deepEqual(
        [item?.leaseOwner, item?.checkpointOwner, item?.ownerSwitchesSinceCheckpoint],
        [{ S: 'new' }, undefined, { N: '1' }],
      )
    },
  )

  check('attributes of other versions are kept by every change', async ({ table, put, row }) => {
    await put({
      leaseKey: { S: shard },
      leaseCounter: { N: '41' },
      checkpoint: { S: '12' },
      checkpointSubSequenceNumber: { N: '0' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      entityType: { S: 'LEASE' },
      throughputKBps: { N: '12.5' },
      ofTheFuture: { M: { a: { L: [{ BOOL: true }] } } },
    })
    let held = lease(await table.take((await table.get(shard))!, 'a'))
    held = lease(await table.renew(held))
    held = lease(await table.checkpoint(held, { sequenceNumber: '13', subSequenceNumber: 0 }, null))
    held = lease(await table.setChildren(held, ['shardId-000000000008']))
    await table.release(held)
    const item = await row(shard)
    assert.deepEqual(item?.ofTheFuture, { M: { a: { L: [{ BOOL: true }] } } })
    assert.deepEqual([item?.entityType, item?.throughputKBps], [{ S: 'LEASE' }, { N: '12.5' }])
    assert.deepEqual([item?.childShardIds, item?.leaseCounter], [{ SS: ['shardId-000000000008'] }, { N: '46' }])
  })

  check('rows that are no leases of the stream are passed over', async ({ table, put }) => {
    await put({ leaseKey: { S: 'Leader' }, entityType: { S: 'LEADER' }, ownerName: { S: 'w' } })
    await put({ leaseKey: { S: 'worker-1' }, entityType: { S: 'WORKER_METRIC_STATS' }, lut: { N: '1' } })
    await put({ leaseKey: { S: '1:s:2:shardId-000000000000' }, streamName: { S: '1:s:2' }, leaseCounter: { N: '0' } })
    await created(table)
    assert.deepEqual(
      (await table.list()).map(({ leaseKey }) => leaseKey),
      [shard],
    )
    assert.equal(await table.get('Leader'), undefined)
  })

  check('only a finished lease is removed', async ({ table }) => {
    const held = lease(await table.take(await created(table), 'a'))
    assert.equal(await table.deleteFinished(shard), false)
    await table.checkpoint(held, shardEnd, null)
    assert.equal(await table.deleteFinished(shard), true)
    assert.equal(await table.get(shard), undefined)
    assert.equal(await table.deleteFinished(shard), false)
  })

  check('a row that is gone refuses every change', async ({ table }) => {
    const gone = newLease(shard, trimHorizon, [], range)
    for (const written of [await table.take(gone, 'a'), await table.renew(gone), await table.release(gone)])
      assert.deepEqual(written, { done: false, found: undefined })
    assert.equal(await table.get(shard), undefined)
  })

  check('a table that is gone says so, and can be made again', async ({ table, deleteTable }) => {
    const held = await created(table)
    await deleteTable()
    await assert.rejects(table.list(), LeaseTableMissing)
    await assert.rejects(table.renew(held), LeaseTableMissing)
    await assert.rejects(table.create(held), LeaseTableMissing)
    await table.ensure(new AbortController().signal)
    assert.deepEqual(await table.list(), [])
  })
}

async function created(table: LeaseTable): Promise<Lease> {
  const seen = newLease(shard, trimHorizon, [], range)
  assert.equal(await table.create(seen), true)
  return seen
}

function lease(written: Written): Lease {
  assert.ok(written.done, 'the write was refused')
  return written.lease
}

const sorted = (item: Item | undefined) =>
  item && Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
