import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  IdempotentParameterMismatchException,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { docs, unverified } from './harness/cases.ts'
import { DynamoDb } from './harness/dynamodb.ts'

const dynamodb = await DynamoDb.open()
const { client } = dynamodb
const TableName = await dynamodb.table()
const key = (id: string) => ({ id: { S: id } })
const put = (id: string, more: Record<string, AttributeValue> = {}) =>
  client.send(new PutItemCommand({ TableName, Item: { ...key(id), ...more } }))
const get = async (id: string) => (await client.send(new GetItemCommand({ TableName, Key: key(id) }))).Item
const write = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }))
const one = { ':one': { N: '1' } }

docs('a transaction puts, updates, deletes and checks together', async () => {
  await put('t-update', { n: { N: '1' } })
  await put('t-delete')
  await put('t-check', { ok: { BOOL: true } })
  await write([
    { Put: { TableName, Item: key('t-put') } },
    { Update: { TableName, Key: key('t-update'), UpdateExpression: 'ADD n :one', ExpressionAttributeValues: one } },
    { Delete: { TableName, Key: key('t-delete') } },
    { ConditionCheck: { TableName, Key: key('t-check'), ConditionExpression: 'attribute_exists(ok)' } },
  ])
  assert.deepEqual(await get('t-put'), key('t-put'))
  assert.equal((await get('t-update'))?.n?.N, '2')
  assert.equal(await get('t-delete'), undefined)
})

docs('one failed condition cancels all of it, with a reason for each item', async () => {
  await put('c-there', { owner: { S: 'me' } })
  await assert.rejects(
    write([
      { Put: { TableName, Item: key('c-new') } },
      {
        Put: {
          TableName,
          Item: key('c-there'),
          ConditionExpression: 'attribute_not_exists(id)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      {
        Update: {
          TableName,
          Key: key('c-there-too'),
          UpdateExpression: 'SET n = n + :one',
          ExpressionAttributeValues: one,
        },
      },
    ]),
    (error: unknown) => {
      assert.ok(error instanceof TransactionCanceledException)
      assert.equal(
        error.message,
        'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
          '[None, ConditionalCheckFailed, ValidationError]',
      )
      const [none, failed, invalid] = error.CancellationReasons!
      assert.equal(none?.Code, 'None')
      assert.deepEqual(failed?.Item, { ...key('c-there'), owner: { S: 'me' } })
      assert.equal(failed?.Message, 'The conditional request failed')
      assert.match(invalid?.Message ?? '', /refers to an attribute that does not exist in the item/)
      return true
    },
  )
  assert.equal(await get('c-new'), undefined)
})

docs('transfers that cross each other neither lose nor make money', async () => {
  const accounts = ['m-0', 'm-1', 'm-2', 'm-3']
  for (const account of accounts) await put(account, { n: { N: '100' } })
  const move = (from: string, to: string) =>
    write([
      {
        Update: {
          TableName,
          Key: key(from),
          UpdateExpression: 'SET n = n - :one',
          ConditionExpression: 'n >= :one',
          ExpressionAttributeValues: one,
        },
      },
      { Update: { TableName, Key: key(to), UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: one } },
    ])
  const moves = Array.from({ length: 60 }, (_, i) => move(accounts[i % 4]!, accounts[(i * 3 + 1) % 4]!).catch(() => {}))
  const sums: number[] = []
  for (let looks = 0; looks < 5; looks++) {
    const { Responses } = await client.send(
      new TransactGetItemsCommand({ TransactItems: accounts.map((id) => ({ Get: { TableName, Key: key(id) } })) }),
    )
    sums.push(Responses!.reduce((sum, { Item }) => sum + Number(Item!.n!.N), 0))
  }
  await Promise.all(moves)
  assert.deepEqual(sums, [400, 400, 400, 400, 400])
})

docs('a transaction with a token that was used is not done again, and another one is refused', async () => {
  const token = randomUUID()
  const add: TransactWriteItem[] = [
    { Update: { TableName, Key: key('token'), UpdateExpression: 'ADD n :one', ExpressionAttributeValues: one } },
  ]
  await write(add, token)
  await write(add, token)
  assert.equal((await get('token'))?.n?.N, '1')
  await assert.rejects(
    write([{ Delete: { TableName, Key: key('token') } }], token),
    IdempotentParameterMismatchException,
  )
})

unverified('two operations of one transaction on one item are refused', async () => {
  await assert.rejects(
    write([{ Delete: { TableName, Key: key('twice') } }, { Put: { TableName, Item: key('twice') } }]),
    /Transaction request cannot include multiple operations on one item/,
  )
})

docs('a batch writes and reads what it is asked, and gives back nothing unprocessed', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `batch-${i}`)
  const written = await client.send(
    new BatchWriteItemCommand({ RequestItems: { [TableName]: ids.map((id) => ({ PutRequest: { Item: key(id) } })) } }),
  )
  assert.deepEqual(written.UnprocessedItems, {})
  await client.send(
    new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ DeleteRequest: { Key: key('batch-0') } }] } }),
  )
  const { Responses, UnprocessedKeys } = await client.send(
    new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: ids.map(key), ProjectionExpression: 'id' } } }),
  )
  assert.equal(Responses?.[TableName]?.length, 19)
  assert.deepEqual(UnprocessedKeys, {})
})

unverified('batches that are too large, or name an item twice, are refused', async () => {
  const keys = Array.from({ length: 101 }, (_, i) => key(`${i}`))
  const read = (Keys: (typeof keys)[number][]) =>
    client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }))
  await assert.rejects(read(keys), /Too many items requested for the BatchGetItem call/)
  await assert.rejects(read([key('a'), key('a')]), /Provided list of item keys contains duplicates/)
})
