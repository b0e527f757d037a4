import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger } from '@millrace/ports'
import { FaultyMemoryDisk } from '../../storage/embedded/disk-fixture.ts'
import { openEmbedded } from '../../storage/embedded/open.ts'
import { dynamoDbFixture } from './fixture.ts'

const TableName = 'table'
const accounts = ['a', 'b', 'c', 'd', 'e']
const one = { ':one': { N: '1' } }
const key = (id: string) => ({ id: { S: id } })

async function opened(fileSystem: FaultyMemoryDisk, clock: ManualClock) {
  const storage = await openEmbedded({
    directory: '/data',
    durability: 'fsync',
    clock,
    logger: silentLogger,
    fileSystem,
  })
  return { ...dynamoDbFixture(storage, { clock }), storage }
}

test('wherever a process is killed, acknowledged writes are there and transactions are whole', async (t) => {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  const { call, activeTable, service, storage } = await opened(disk, clock)
  await activeTable(TableName)
  for (const id of accounts) await call('PutItem', { TableName, Item: { ...key(id), n: { N: '10' } } })

  /** The disk as it is at some moments, and which ids had been acknowledged by then. */
  const kills: { disk: FaultyMemoryDisk; acknowledged: readonly string[] }[] = []
  const acknowledged: string[] = []
  disk.fails = (_, path) => {
    if (path.endsWith('items.map')) kills.push({ disk: disk.copy(), acknowledged: [...acknowledged] })
    return undefined
  }
  const transfer = (i: number) =>
    call('TransactWriteItems', {
      ClientRequestToken: `transfer-${i}`,
      TransactItems: [
        {
          Update: {
            TableName,
            Key: key(accounts[i % 5]!),
            UpdateExpression: 'SET n = n - :one',
            ExpressionAttributeValues: one,
          },
        },
        {
          Update: {
            TableName,
            Key: key(accounts[(i * 2 + 1) % 5]!),
            UpdateExpression: 'SET n = n + :one',
            ExpressionAttributeValues: one,
          },
        },
      ],
    })
  const put = async (i: number) => {
    await call('PutItem', { TableName, Item: key(`put-${i}`), ConditionExpression: 'attribute_not_exists(id)' })
    acknowledged.push(`put-${i}`)
  }
  for (let round = 0; round < 20; round++)
    await Promise.all([transfer(5 * round), transfer(5 * round + 1), put(2 * round), put(2 * round + 1)])
  disk.fails = () => undefined
  await service.stop()
  await storage.close()

  for (const kill of kills) {
    const again = await opened(kill.disk, clock)
    const { Items } = await again.call('Scan', { TableName })
    const ids = new Set(Items.map((item: { id: { S: string } }) => item.id.S))
    for (const id of kill.acknowledged) assert.ok(ids.has(id), `${id} was acknowledged`)
    const sum = Items.reduce((total: number, item: { n?: { N: string } }) => total + Number(item.n?.N ?? 0), 0)
    assert.equal(sum, 50)
    await again.service.stop()
    await again.storage.close()
  }
  assert.ok(kills.length > 40)
  t.diagnostic(`${kills.length} moments`)
})

test('a transaction that was acknowledged before a kill is not done again for its token', async () => {
  const disk = new FaultyMemoryDisk()
  const clock = new ManualClock()
  const first = await opened(disk, clock)
  await first.activeTable(TableName)
  const add = {
    ClientRequestToken: 'once',
    TransactItems: [
      { Update: { TableName, Key: key('n'), UpdateExpression: 'ADD n :one', ExpressionAttributeValues: one } },
    ],
  }
  await first.call('TransactWriteItems', add)
  const second = await opened(disk.copy(), clock)
  await second.call('TransactWriteItems', add)
  assert.equal((await second.call('GetItem', { TableName, Key: key('n') })).Item.n.N, '1')
  await clock.advance(11 * 60_000)
  await second.call('TransactWriteItems', add)
  assert.equal((await second.call('GetItem', { TableName, Key: key('n') })).Item.n.N, '2')
  for (const { service, storage } of [first, second]) {
    await service.stop()
    await storage.close()
  }
})

test('a write that the disk refused is not there, and the next one is', async () => {
  const disk = new FaultyMemoryDisk()
  const { call, activeTable, service, storage } = await opened(disk, new ManualClock())
  await activeTable(TableName)
  await call('PutItem', { TableName, Item: key('before') })
  disk.fails = (_, path) => (path.endsWith('items.map') ? 'EIO' : undefined)
  await assert.rejects(call('PutItem', { TableName, Item: key('failed') }), /items\.map cannot be written: EIO/)
  disk.fails = () => undefined
  await call('PutItem', { TableName, Item: key('after') })
  const { Items } = await call('Scan', { TableName })
  assert.deepEqual(new Set(Items.map((item: { id: { S: string } }) => item.id.S)), new Set(['before', 'after']))
  await service.stop()
  await storage.close()
})
