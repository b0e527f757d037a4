import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ManualClock } from '@millrace/ports'
import { startMillrace } from '../../server/src/index.ts'
import { type DeduplicationStore, Deduplicator, MemoryDeduplicationStore } from './deduplicator.ts'
import { DynamoDBDeduplicationStore } from './dynamodb-deduplication.ts'

const starting = startMillrace({ port: 0, transitionMs: 0 })
after(async () => (await starting).stop())
let tables = 0

async function dynamodbStore(options: { tableName?: string; claimMs?: number; clock?: ManualClock } = {}) {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const client = new DynamoDBClient({ endpoint: (await starting).url, region: 'us-east-1', credentials })
  after(() => client.destroy())
  const store = new DynamoDBDeduplicationStore(client, { tableName: `ids-${++tables}`, ...options })
  return store
}

const stores: Record<string, () => Promise<DeduplicationStore>> = {
  'in memory': async () => new MemoryDeduplicationStore(),
  'in DynamoDB': async () => {
    const store = await dynamodbStore()
    await store.ensure()
    return store
  },
}

for (const [name, open] of Object.entries(stores)) {
  test(`${name}: what was done is not done again`, async () => {
    const once = new Deduplicator(await open())
    let runs = 0
    const work = () => void runs++
    assert.deepEqual(
      [await once.once('a', work), await once.once('a', work), await once.once('b', work)],
      [true, false, true],
    )
    assert.equal(runs, 2)
  })

  test(`${name}: what is asked for twice at the same time is done once, and both wait for it`, async () => {
    const once = new Deduplicator(await open())
    let runs = 0
    const work = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      runs++
    }
    const ran = await Promise.all([once.once('a', work), once.once('a', work), once.once('a', work)])
    assert.deepEqual([ran.filter(Boolean).length, runs], [1, 1])
  })

  test(`${name}: what threw is done by the next`, async () => {
    const once = new Deduplicator(await open())
    await assert.rejects(
      once.once('a', () => {
        throw new Error('no')
      }),
      /no/,
    )
    assert.equal(await once.once('a', () => {}), true)
  })
}

test('the memory forgets the oldest ids, and none that is being worked on', async () => {
  const store = new MemoryDeduplicationStore({ idsMax: 2 })
  for (const id of ['a', 'b', 'c']) {
    await store.begin(id)
    await store.finish(id)
  }
  assert.deepEqual([await store.begin('b'), await store.begin('c'), await store.begin('a')], ['done', 'done', 'begun'])
})

test('a claim of a worker who died runs out', async () => {
  const clock = new ManualClock()
  const dead = await dynamodbStore({ tableName: 'claims', claimMs: 5000 })
  await dead.ensure()
  const first = await dynamodbStore({ tableName: 'claims', claimMs: 5000, clock })
  const second = await dynamodbStore({ tableName: 'claims', claimMs: 5000, clock })
  assert.equal(await first.begin('a'), 'begun')
  assert.equal(await second.begin('a'), 'busy')
  await clock.advance(5001)
  assert.equal(await second.begin('a'), 'begun')
  // The first comes late: what it gives back is not its own any more.
  await first.abandon('a')
  await second.finish('a')
  assert.equal(await first.begin('a'), 'done')
})
