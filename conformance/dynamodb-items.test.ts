import assert from 'node:assert/strict'
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { docs, sdk, unverified } from './harness/cases.ts'
import { DynamoDb } from './harness/dynamodb.ts'

const dynamodb = await DynamoDb.open()
const { client } = dynamodb
const TableName = await dynamodb.table()

const put = (item: Record<string, AttributeValue>, more = {}) =>
  client.send(new PutItemCommand({ TableName, Item: item, ...more }))
const get = async (id: string) => (await client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }))).Item
const update = (id: string, more: object) =>
  client.send(new UpdateItemCommand({ TableName, Key: { id: { S: id } }, ...more }))

sdk('an item of every type comes back as it was put', async () => {
  const item: Record<string, AttributeValue> = {
    id: { S: 'types' },
    n: { N: '-0.0000001' },
    b: { B: Buffer.from([0, 255]) },
    yes: { BOOL: true },
    no: { BOOL: false },
    nil: { NULL: true },
    ss: { SS: ['a', 'b'] },
    ns: { NS: ['1', '2'] },
    bs: { BS: [Buffer.from('x')] },
    l: { L: [{ S: '' }, { M: { deep: { L: [] } } }] },
    m: { M: { __proto__x: { S: 'é' } } },
    constructor: { S: 'a name that every object has' },
  }
  await put(item)
  const found = await get('types')
  assert.deepEqual(
    { ...found, b: { B: Buffer.from(found!.b!.B!) }, bs: { BS: [Buffer.from(found!.bs!.BS![0]!)] } },
    item,
  )
})

sdk('an item that is not there is no Item', async () => {
  assert.equal(await get('nowhere'), undefined)
})

unverified('a put under attribute_not_exists fails where the item is, and says so in AWS words', async () => {
  await put({ id: { S: 'once' } }, { ConditionExpression: 'attribute_not_exists(id)' })
  await assert.rejects(
    put({ id: { S: 'once' } }, { ConditionExpression: 'attribute_not_exists(id)' }),
    (error: unknown) =>
      error instanceof ConditionalCheckFailedException && error.message === 'The conditional request failed',
  )
})

docs('a failed condition gives the item when asked to', async () => {
  await put({ id: { S: 'told' }, owner: { S: 'me' } })
  await assert.rejects(
    put(
      { id: { S: 'told' } },
      { ConditionExpression: 'attribute_not_exists(id)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    ),
    (error: unknown) => error instanceof ConditionalCheckFailedException && error.Item?.owner?.S === 'me',
  )
})

docs('of many puts at once with one id, exactly one wins', async () => {
  const puts = Array.from({ length: 50 }, (_, i) =>
    put({ id: { S: 'race' }, by: { N: `${i}` } }, { ConditionExpression: 'attribute_not_exists(id)' }),
  )
  const outcomes = await Promise.allSettled(puts)
  const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
  assert.equal(winners.length, 1)
  assert.equal((await get('race'))?.by?.N, `${winners[0]}`)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof ConditionalCheckFailedException)
})

docs('a counter that many raise at once misses none', async () => {
  await Promise.all(
    Array.from({ length: 40 }, () =>
      update('counter', { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } }),
    ),
  )
  assert.equal((await get('counter'))?.n?.N, '40')
})

sdk('a lease is made, renewed, stolen and given back as KCL 2 does it, by Expected and AttributeUpdates', async () => {
  const lease = { id: { S: 'shardId-0' }, leaseCounter: { N: '0' }, checkpoint: { S: 'TRIM_HORIZON' } }
  const isNew = { Expected: { id: { Exists: false } } }
  await put(lease, isNew)
  await assert.rejects(put(lease, isNew), ConditionalCheckFailedException)
  const take = (owner: string, counter: string, before: string | undefined) =>
    update('shardId-0', {
      AttributeUpdates: {
        leaseOwner: { Value: { S: owner }, Action: 'PUT' },
        leaseCounter: { Value: { N: counter }, Action: 'PUT' },
        ownerSwitchesSinceCheckpoint: { Value: { N: '1' }, Action: 'ADD' },
      },
      Expected: {
        leaseCounter: { Value: { N: `${Number(counter) - 1}` } },
        leaseOwner: before === undefined ? { Exists: false } : { Value: { S: before } },
      },
    })
  await take('a', '1', undefined)
  await take('b', '2', 'a')
  await assert.rejects(take('a', '3', 'a'), ConditionalCheckFailedException)
  await update('shardId-0', {
    AttributeUpdates: { leaseOwner: { Action: 'DELETE' } },
    Expected: { leaseOwner: { Value: { S: 'b' } } },
  })
  assert.deepEqual(await get('shardId-0'), {
    id: { S: 'shardId-0' },
    leaseCounter: { N: '2' },
    checkpoint: { S: 'TRIM_HORIZON' },
    ownerSwitchesSinceCheckpoint: { N: '2' },
  })
  const remove = (counter: string) =>
    client.send(
      new DeleteItemCommand({
        TableName,
        Key: { id: { S: 'shardId-0' } },
        Expected: { leaseCounter: { Value: { N: counter } } },
      }),
    )
  await assert.rejects(remove('7'), ConditionalCheckFailedException)
  await remove('2')
  assert.equal(await get('shardId-0'), undefined)
})

docs('each ReturnValues gives what it says', async () => {
  const returned = async (ReturnValues: string) => {
    await put({ id: { S: 'r' }, a: { N: '1' }, b: { S: 'kept' }, m: { M: { x: { N: '1' }, y: { N: '2' } } } })
    const { Attributes } = await update('r', {
      UpdateExpression: 'SET a = a + :one, m.x = :one REMOVE gone',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues,
    })
    return Attributes
  }
  const rest = { id: { S: 'r' }, b: { S: 'kept' } }
  assert.equal(await returned('NONE'), undefined)
  assert.deepEqual(await returned('ALL_OLD'), { ...rest, a: { N: '1' }, m: { M: { x: { N: '1' }, y: { N: '2' } } } })
  assert.deepEqual(await returned('ALL_NEW'), { ...rest, a: { N: '2' }, m: { M: { x: { N: '1' }, y: { N: '2' } } } })
  assert.deepEqual(await returned('UPDATED_OLD'), { a: { N: '1' }, m: { M: { x: { N: '1' } } } })
  assert.deepEqual(await returned('UPDATED_NEW'), { a: { N: '2' }, m: { M: { x: { N: '1' } } } })
})

docs('an update that only takes away makes no item', async () => {
  await update('absent', { UpdateExpression: 'REMOVE a' })
  await update('absent', {
    UpdateExpression: 'DELETE a :set',
    ExpressionAttributeValues: { ':set': { SS: ['x'] } },
  })
  await update('absent', { AttributeUpdates: { a: { Action: 'DELETE' } } })
  assert.equal(await get('absent'), undefined)
  await update('absent', {})
  assert.deepEqual(await get('absent'), { id: { S: 'absent' } })
})

docs('a local index fetches from its table what is asked for and it does not hold', async () => {
  const indexed = await dynamodb.table({
    AttributeDefinitions: ['id', 'at', 'by'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: 'by-index',
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'by', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  })
  const keys = { id: { S: 'a' }, at: { S: '1' }, by: { S: 'x' } }
  await client.send(new PutItemCommand({ TableName: indexed, Item: { ...keys, n: { N: '1' } } }))
  const query = async (more: Partial<QueryCommandInput>) => {
    const ExpressionAttributeValues = { ':id': { S: 'a' } }
    const all = { TableName: indexed, IndexName: 'by-index', KeyConditionExpression: 'id = :id' }
    return (await client.send(new QueryCommand({ ...all, ExpressionAttributeValues, ...more }))).Items
  }
  assert.deepEqual(await query({}), [keys])
  assert.deepEqual(await query({ ProjectionExpression: 'n' }), [{ n: { N: '1' } }])
  assert.deepEqual(await query({ Select: 'ALL_ATTRIBUTES' }), [{ ...keys, n: { N: '1' } }])
})

docs('a scan in pages and segments gives each item once', async () => {
  const scanned = await dynamodb.table()
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      client.send(
        new PutItemCommand({ TableName: scanned, Item: { id: { S: `lease-${i}` }, even: { BOOL: i % 2 === 0 } } }),
      ),
    ),
  )
  const seen: string[] = []
  for (let Segment = 0; Segment < 4; Segment++) {
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: scanned,
          Segment,
          TotalSegments: 4,
          Limit: 7,
          ExclusiveStartKey,
          FilterExpression: 'even = :yes',
          ExpressionAttributeValues: { ':yes': { BOOL: true } },
        }),
      )
      assert.ok(page.ScannedCount! <= 7)
      seen.push(...page.Items!.map((item) => item.id!.S!))
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }
  assert.equal(seen.length, 30)
  assert.deepEqual(new Set(seen), new Set(Array.from({ length: 30 }, (_, i) => `lease-${2 * i}`)))
})

unverified('a table that is not there is told as AWS tells it', async () => {
  await assert.rejects(
    client.send(new GetItemCommand({ TableName: 'not-there', Key: { id: { S: 'x' } } })),
    (error: unknown) => error instanceof ResourceNotFoundException && error.message === 'Requested resource not found',
  )
})
