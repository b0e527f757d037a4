import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import * as sdkDynamoDb from '@aws-sdk/client-dynamodb'
import { docs, sdk, unverified } from './harness/cases.ts'
import { DynamoDb } from './harness/dynamodb.ts'
import { notOnAws, onlyMillrace } from './harness/target.ts'

const {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeEndpointsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  ScanCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} = sdkDynamoDb

const dynamodb = await DynamoDb.open()
const { client } = dynamodb
const describe = async (TableName: string) => (await client.send(new DescribeTableCommand({ TableName }))).Table!
const name = () => `conformance-${randomUUID()}`
const id = { AttributeName: 'id', AttributeType: 'S' as const }
const byId = { AttributeName: 'id', KeyType: 'HASH' as const }

sdk('a table is described as it was made', async () => {
  const TableName = await dynamodb.table({ Tags: [{ Key: 'team', Value: 'a' }], DeletionProtectionEnabled: true })
  const table = await describe(TableName)
  assert.deepEqual(table.KeySchema, [byId])
  assert.deepEqual(table.AttributeDefinitions, [id])
  assert.equal(table.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST')
  assert.equal(table.ProvisionedThroughput?.ReadCapacityUnits, 0)
  assert.equal(table.ItemCount, 0)
  assert.ok(table.CreationDateTime instanceof Date)
  assert.match(table.TableArn!, new RegExp(`^arn:aws:dynamodb:[^:]+:\\d{12}:table/${TableName}$`))
  assert.equal(table.DeletionProtectionEnabled, true)
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }))
  await dynamodb.active(TableName)
})

docs('a protected table is not deleted until the protection is taken away', async () => {
  const TableName = await dynamodb.table({ DeletionProtectionEnabled: true })
  await assert.rejects(
    client.send(new DeleteTableCommand({ TableName })),
    /Resource cannot be deleted as it is currently protected against deletion/,
  )
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }))
  await dynamodb.active(TableName)
  const { TableDescription } = await client.send(new DeleteTableCommand({ TableName }))
  assert.equal(TableDescription?.TableStatus, 'DELETING')
  await sdkDynamoDb.waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName })
})

unverified('a second table of one name is refused', async () => {
  const TableName = await dynamodb.table()
  await assert.rejects(
    client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [id],
        KeySchema: [byId],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    ),
    (error: unknown) =>
      error instanceof ResourceInUseException && error.message === `Table already exists: ${TableName}`,
  )
})

unverified('what is not there is said in the words of calls about tables', async () => {
  const TableName = name()
  for (const command of [new DescribeTableCommand({ TableName }), new DeleteTableCommand({ TableName })])
    await assert.rejects(
      client.send(command as InstanceType<typeof DescribeTableCommand>),
      (error: unknown) =>
        error instanceof ResourceNotFoundException &&
        error.message === `Requested resource not found: Table: ${TableName} not found`,
    )
})

docs('tables are listed in pages, in order of name', async () => {
  const made = [await dynamodb.table(), await dynamodb.table(), await dynamodb.table()]
  const listed: string[] = []
  for await (const page of sdkDynamoDb.paginateListTables({ client, pageSize: 2 }, {})) listed.push(...page.TableNames!)
  assert.deepEqual(
    listed,
    listed.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  assert.ok(made.every((each) => listed.includes(each)))
  const { TableNames } = await client.send(new ListTablesCommand({ Limit: 1 }))
  assert.equal(TableNames?.length, 1)
})

sdk('KCL 3 adds its index to a table on demand, and can query it once it is ACTIVE', async () => {
  const TableName = await dynamodb.table({
    AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
  })
  const put = (leaseKey: string, leaseOwner?: string) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: { leaseKey: { S: leaseKey }, n: { N: '1' }, ...(leaseOwner && { leaseOwner: { S: leaseOwner } }) },
      }),
    )
  await put('shard-1', 'worker-a')
  await put('shard-2', 'worker-b')
  await put('shard-3')
  const IndexName = 'LeaseOwnerToLeaseKeyIndex'
  const owned = async (leaseOwner: string) => {
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        IndexName,
        KeyConditionExpression: 'leaseOwner = :o',
        ExpressionAttributeValues: { ':o': { S: leaseOwner } },
      }),
    )
    return Items
  }
  await assert.rejects(owned('worker-a'), /The table does not have the specified index: LeaseOwnerToLeaseKeyIndex/)
  const { TableDescription } = await client.send(
    new UpdateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: 'leaseOwner', AttributeType: 'S' },
        { AttributeName: 'leaseKey', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName,
            KeySchema: [
              { AttributeName: 'leaseOwner', KeyType: 'HASH' },
              { AttributeName: 'leaseKey', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        },
      ],
    }),
  )
  assert.equal(TableDescription?.GlobalSecondaryIndexes?.[0]?.IndexStatus, 'CREATING')
  assert.equal(TableDescription?.GlobalSecondaryIndexes?.[0]?.Backfilling, true)
  await dynamodb.active(TableName)
  assert.deepEqual(await owned('worker-a'), [{ leaseKey: { S: 'shard-1' }, leaseOwner: { S: 'worker-a' } }])
  await put('shard-1', 'worker-b')
  await put('shard-3', 'worker-a')
  assert.deepEqual(
    (await owned('worker-b'))?.map(({ leaseKey }) => leaseKey?.S),
    ['shard-1', 'shard-2'],
  )
  const scanned = await client.send(new ScanCommand({ TableName, IndexName }))
  assert.equal(scanned.Count, 3)
  await client.send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] }))
  while ((await describe(TableName)).GlobalSecondaryIndexes) await new Promise((resolve) => setTimeout(resolve, 5))
  await assert.rejects(owned('worker-a'), /does not have the specified index/)
})

docs('a call makes or removes one index only', async () => {
  const TableName = await dynamodb.table()
  const create = (IndexName: string) => ({
    Create: {
      IndexName,
      KeySchema: [{ AttributeName: 'by', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
  })
  await assert.rejects(
    client.send(
      new UpdateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'by', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [create('first'), create('second')],
      }),
    ),
    {
      name: 'LimitExceededException',
      message: 'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    },
  )
})

unverified('a table that makes no sense is refused in AWS words', async () => {
  const create = (input: object) =>
    client.send(
      new CreateTableCommand({
        TableName: name(),
        AttributeDefinitions: [id],
        KeySchema: [byId],
        BillingMode: 'PAY_PER_REQUEST',
        ...input,
      }),
    )
  const throughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 }
  const cases: [object, RegExp][] = [
    [
      { TableName: 'ab' },
      /Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3/,
    ],
    [{ TableName: 'not a name' }, /Member must satisfy regular expression pattern: \[a-zA-Z0-9_\.-\]\+/],
    [
      { ProvisionedThroughput: throughput },
      /Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST/,
    ],
    [
      { BillingMode: 'PROVISIONED' },
      /ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED/,
    ],
    [
      { KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }] },
      /Some index key attributes are not defined in AttributeDefinitions\. Keys: \[other\], AttributeDefinitions: \[id\]/,
    ],
    [
      { KeySchema: [{ AttributeName: 'id', KeyType: 'RANGE' }] },
      /Invalid KeySchema: The first KeySchemaElement is not a HASH key type/,
    ],
    [
      { AttributeDefinitions: [id, { AttributeName: 'x', AttributeType: 'N' }] },
      /Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions/,
    ],
    [{ GlobalSecondaryIndexes: [] }, /List of GlobalSecondaryIndexes is empty/],
  ]
  for (const [input, sentence] of cases) await assert.rejects(create(input), sentence)
})

docs('tags come and go', async () => {
  const TableName = await dynamodb.table({ Tags: [{ Key: 'a', Value: '1' }] })
  const ResourceArn = (await describe(TableName)).TableArn!
  await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'b', Value: '2' }] }))
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['a'] }))
  const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }))
  assert.deepEqual(Tags, [{ Key: 'b', Value: '2' }])
  await assert.rejects(
    client.send(new ListTagsOfResourceCommand({ ResourceArn: `${ResourceArn}-not-there` })),
    ResourceNotFoundException,
  )
})

docs('time to live is turned on, described, and not turned on twice', async () => {
  const TableName = await dynamodb.table()
  const TimeToLiveSpecification = { AttributeName: 'until', Enabled: true }
  const status = async () =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription?.TimeToLiveStatus
  assert.equal(await status(), 'DISABLED')
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
  assert.match((await status())!, /ENABLING|ENABLED/)
  await assert.rejects(
    client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })),
    /TimeToLive is already enabled/,
  )
})

docs('continuous backups are turned on and described', async () => {
  const TableName = await dynamodb.table()
  const off = await client.send(new DescribeContinuousBackupsCommand({ TableName }))
  const status = off.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus
  assert.equal(status, 'DISABLED')
  const on = await client.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  )
  const recovery = on.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
  assert.equal(recovery?.PointInTimeRecoveryStatus, 'ENABLED')
  assert.ok(recovery.EarliestRestorableDateTime instanceof Date)
})

docs('the limits of the account and the endpoint are told', async () => {
  const limits = await client.send(new DescribeLimitsCommand({}))
  assert.ok(limits.AccountMaxReadCapacityUnits! > 0)
  const { Endpoints } = await client.send(new DescribeEndpointsCommand({}))
  assert.ok(Endpoints?.[0]?.Address)
})

docs(
  'the billing mode changes, and provisioned numbers with it',
  async () => {
    const TableName = await dynamodb.table()
    await client.send(
      new UpdateTableCommand({
        TableName,
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
      }),
    )
    await dynamodb.active(TableName)
    const table = await describe(TableName)
    assert.equal(table.BillingModeSummary?.BillingMode, 'PROVISIONED')
    assert.equal(table.ProvisionedThroughput?.WriteCapacityUnits, 4)
  },
  notOnAws,
)

unverified(
  'what is not done yet says so',
  async () => {
    await assert.rejects(client.send(new sdkDynamoDb.ExecuteStatementCommand({ Statement: 'SELECT * FROM x' })), {
      name: 'UnknownOperationException',
    })
    await assert.rejects(
      dynamodb.table({ StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }),
      /Millrace does not support StreamSpecification/,
    )
  },
  onlyMillrace,
)
