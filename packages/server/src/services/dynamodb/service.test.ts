import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock, silentLogger } from '@millrace/ports'
import { openEmbedded } from '../../storage/embedded/open.ts'
import { openMemory } from '../../storage/memory/open.ts'
import { dynamoDbFixture } from './fixture.ts'

const memory = () => openMemory({ clock: new ManualClock() })
const item = (id: string, more: object = {}) => ({ id: { S: id }, ...more })

test('a table passes from CREATING to ACTIVE, and from DELETING to nothing', async () => {
  const { call, clock, service } = dynamoDbFixture(memory())
  const status = async () => (await call('DescribeTable', { TableName: 'table' })).Table.TableStatus
  await call('CreateTable', {
    TableName: 'table',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
  assert.equal(await status(), 'CREATING')
  await assert.rejects(call('PutItem', { TableName: 'table', Item: item('a') }), /Requested resource not found/)
  await clock.advance(50)
  assert.equal(await status(), 'ACTIVE')
  await call('DeleteTable', { TableName: 'table' })
  assert.equal(await status(), 'DELETING')
  await clock.advance(50)
  await assert.rejects(status(), /Requested resource not found: Table: table not found/)
  await service.stop()
})

test('the answers to CreateTable and UpdateTable tell the state between, however long they take to write', async () => {
  const slow = memory()
  const { clock, call, activeTable, service } = dynamoDbFixture(slow)
  const put = slow.catalog.put.bind(slow.catalog)
  slow.catalog.put = async (...change) => {
    const version = await put(...change)
    await clock.advance(1000)
    return version
  }
  const { TableDescription: created } = await call('CreateTable', {
    TableName: 'other',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
  assert.equal(created.TableStatus, 'CREATING')
  await activeTable('table')
  const { TableDescription: updated } = await call('UpdateTable', {
    TableName: 'table',
    DeletionProtectionEnabled: true,
  })
  assert.equal(updated.TableStatus, 'UPDATING')
  await service.stop()
})

test('a table that is gone by the time that its deletion is answered is described all the same', async () => {
  const { call, activeTable, service } = dynamoDbFixture(memory(), { parts: { transitionMs: 0 } })
  await activeTable('table')
  const { TableDescription } = await call('DeleteTable', { TableName: 'table' })
  assert.equal(TableDescription.TableStatus, 'DELETING')
  await service.stop()
})

test('a table that is made again under its name is empty, and the old items are removed from the catalog', async () => {
  const storage = memory()
  const { call, clock, activeTable, service } = dynamoDbFixture(storage)
  await activeTable('table')
  for (let i = 0; i < 20; i++) await call('PutItem', { TableName: 'table', Item: item(`${i}`) })
  assert.equal(storage.items.list('').length, 20)
  await call('DeleteTable', { TableName: 'table' })
  await clock.advance(50)
  await activeTable('table')
  assert.equal((await call('Scan', { TableName: 'table' })).Count, 0)
  assert.equal(storage.items.list('').length, 0)
  await service.stop()
})

test('tables, items and indexes are as they were after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'))
  const clock = new ManualClock()
  const open = () => openEmbedded({ directory, durability: 'fsync', clock, logger: silentLogger })
  try {
    let storage = await open()
    const first = dynamoDbFixture(storage, { clock })
    await first.activeTable('table', { Tags: [{ Key: 'k', Value: 'v' }] })
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        first.call('PutItem', { TableName: 'table', Item: item(`${i}`, { n: { N: `${i}` } }) }),
      ),
    )
    await first.call('DeleteItem', { TableName: 'table', Key: item('7') })
    const before = await first.call('DescribeTable', { TableName: 'table' })
    const scanned = await first.call('Scan', { TableName: 'table' })
    await first.service.stop()
    await storage.close()

    storage = await open()
    const second = dynamoDbFixture(storage, { clock })
    assert.deepEqual(await second.call('DescribeTable', { TableName: 'table' }), before)
    assert.deepEqual(plain(await second.call('Scan', { TableName: 'table' })), plain(scanned))
    assert.equal((await second.call('GetItem', { TableName: 'table', Key: item('7') })).Item, undefined)
    await second.service.stop()
    await storage.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('items of a table that was being deleted when the process ended are removed at the next start', async () => {
  const storage = memory()
  const clock = new ManualClock()
  const first = dynamoDbFixture(storage, { clock })
  await first.activeTable('table')
  await first.call('PutItem', { TableName: 'table', Item: item('a') })
  await first.call('DeleteTable', { TableName: 'table' })
  await first.service.stop()
  await clock.advance(1000)
  const second = dynamoDbFixture(storage, { clock })
  await clock.advance(0)
  assert.equal(storage.items.list('').length, 0)
  assert.equal(storage.catalog.list('').length, 0)
  await second.service.stop()
})

test('a write that would need more memory than tables may have is refused, and one that gives some back is not', async () => {
  const { call, activeTable, service } = dynamoDbFixture(memory(), { parts: { tableBytesMax: 2500 } })
  await activeTable('table')
  await call('PutItem', { TableName: 'table', Item: item('a', { text: { S: 'x'.repeat(1000) } }) })
  await assert.rejects(call('PutItem', { TableName: 'table', Item: item('b', { text: { S: 'x'.repeat(1000) } }) }), {
    name: 'ItemCollectionSizeLimitExceededException',
    message: /may hold 2500 bytes in all/,
  })
  await call('PutItem', { TableName: 'table', Item: item('a', { text: { S: 'x' } }) })
  await call('PutItem', { TableName: 'table', Item: item('b', { text: { S: 'x'.repeat(1000) } }) })
  await service.stop()
})

test('items are removed once they are past their time to live, and those without a sound time are left', async () => {
  const { call, clock, activeTable, service } = dynamoDbFixture(memory())
  await activeTable('table')
  const nowS = Math.floor(clock.nowMs() / 1000)
  const until = (seconds: number) => ({ until: { N: `${seconds}` } })
  await call('PutItem', { TableName: 'table', Item: item('soon', until(nowS + 60)) })
  await call('PutItem', { TableName: 'table', Item: item('later', until(nowS + 3600)) })
  await call('PutItem', { TableName: 'table', Item: item('text', { until: { S: `${nowS}` } }) })
  await call('PutItem', { TableName: 'table', Item: item('years ago', until(nowS - 6 * 365 * 24 * 3600)) })
  await call('PutItem', { TableName: 'table', Item: item('none') })
  const TimeToLiveSpecification = { AttributeName: 'until', Enabled: true }
  await call('UpdateTimeToLive', { TableName: 'table', TimeToLiveSpecification })
  const ids = async () =>
    new Set((await call('Scan', { TableName: 'table' })).Items.map((each: { id: { S: string } }) => each.id.S))
  await clock.advance(50_000)
  assert.equal((await ids()).size, 5)
  await clock.advance(30_000)
  assert.deepEqual(await ids(), new Set(['later', 'text', 'years ago', 'none']))
  await call('PutItem', { TableName: 'table', Item: item('later', until(nowS + 90_000)) })
  await clock.advance(3_600_000)
  assert.equal((await ids()).size, 4)
  await call('UpdateTimeToLive', {
    TableName: 'table',
    TimeToLiveSpecification: { ...TimeToLiveSpecification, Enabled: false },
  })
  await clock.advance(100_000_000)
  assert.equal((await ids()).size, 4)
  await service.stop()
})

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
