import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { openMillrace } from '../../consumer/src/millrace-fixture.ts'
import { DynamoDBEmitter, type DynamoDBItem } from './dynamodb-emitter.ts'
import { batchOf, never } from './fixture.ts'

const item = (id: string, n: string): DynamoDBItem => ({ id: { S: id }, n: { N: n } })

test('values become items, of several with one key the last, and those that are refused are told one by one', async () => {
  await using clients = await openMillrace(1)
  await clients.createTable('items', 'id')
  const emitter = new DynamoDBEmitter(clients.dynamodb, { tableName: 'items' })
  const values = Array.from({ length: 130 }, (_, i) => item(`${i}`, `${i}`))
  values[60] = item('60', 'no number')
  values[61] = { other: { S: 'has no key' } }
  values[129] = item('0', '1000')
  values[100] = { id: { S: 'bytes' }, data: { B: Buffer.of(1, 2) } }
  const refusals = await emitter.emit(batchOf(values), never)
  assert.deepEqual(
    refusals.map(({ entry, mayRetry }) => [entry.record.partitionKey, mayRetry]),
    [
      ['key-60', false],
      ['key-61', false],
    ],
  )
  const { Items } = await clients.dynamodb.send(new ScanCommand({ TableName: 'items' }))
  assert.equal(Items?.length, 127)
  assert.equal(Items?.find(({ id }) => id?.S === '0')?.n?.N, '1000')
})

test('a table that is not there is an outage, and is found once it is made', async () => {
  await using clients = await openMillrace(1)
  const emitter = new DynamoDBEmitter(clients.dynamodb, { tableName: 'late' })
  await assert.rejects(emitter.emit(batchOf([item('a', '1')]), never), { name: 'ResourceNotFoundException' })
  await clients.createTable('late', 'id')
  assert.deepEqual(await emitter.emit(batchOf([item('a', '1')]), never), [])
})

test('items that are left unprocessed may be tried again', async () => {
  await using clients = await openMillrace(1)
  await clients.createTable('items', 'id')
  clients.dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      if (context.commandName !== 'BatchWriteItemCommand') return result
      const { RequestItems } = args.input as { RequestItems: Record<string, unknown[]> }
      const left = { items: RequestItems.items!.slice(1) }
      return { ...result, output: { ...result.output, UnprocessedItems: left } }
    },
    { step: 'initialize' },
  )
  const emitter = new DynamoDBEmitter(clients.dynamodb, { tableName: 'items' })
  const refusals = await emitter.emit(batchOf([item('a', '1'), item('b', '2'), item('c', '3')]), never)
  assert.deepEqual(
    refusals.map(({ entry, mayRetry }) => [entry.record.partitionKey, mayRetry]),
    [
      ['key-1', true],
      ['key-2', true],
    ],
  )
})
