import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { type Millrace, startMillrace } from 'millrace'
import { accountId, arnOf } from './harness/authorized-calls.ts'
import { httpCall } from './harness/http-call.ts'
import { type Key, signedHeaders } from './harness/request-signer.ts'
import { onlyLocal } from './harness/target.ts'
import { wiredServices, wireRequest } from './harness/wire-forms.ts'

/*
 * What is denied stays denied, by whatever name it is asked for; and nobody gets at it by having somebody else read it.
 */

const document = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements })
const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
const keyOf = (name: string): Key => ({
  id: `AKIA${name.toUpperCase().padEnd(16, '0')}`,
  secret: `secret-of-${name}`.padEnd(40, '.'),
})
const user = (name: string, statements: readonly object[], more: object = {}) => ({
  name,
  accessKeys: [keyOf(name)],
  policies: statements.length === 0 ? [] : [document(...statements)],
  ...more,
})
const role = (name: string, service: string, ...statements: readonly object[]) => ({
  name,
  trustPolicy: document({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }),
  policies: statements.length === 0 ? [] : [document(...statements)],
})
const roleArn = (name: string) => `arn:aws:iam::${accountId}:role/${name}`

const secretArn = arnOf('kinesis', 'stream/secret')
const readsSecret = { Effect: 'Allow', Action: 'kinesis:*', Resource: `${secretArn}*` }
const denySecret = {
  Effect: 'Deny',
  Action: '*',
  Resource: [
    secretArn,
    `${secretArn}/*`,
    arnOf('dynamodb', 'table/secret'),
    arnOf('dynamodb', 'table/secret/*'),
    arnOf('glue', 'table/db/secret'),
    arnOf('lambda', 'function:secret'),
  ],
}

const identity = {
  users: [
    user('root', [everything]),
    user('blocked', [everything, denySecret]),
    user('tagged', [
      {
        Effect: 'Allow',
        Action: 'kinesis:Describe*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
      },
      {
        Effect: 'Allow',
        Action: 'kinesis:*Tag*',
        Resource: '*',
        Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } },
      },
    ]),
    user('own', [
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:BatchGetItem'],
        Resource: '*',
        Condition: {
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['own'] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
    ]),
    user('passer', [
      { Effect: 'Allow', Action: 'firehose:*', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: roleArn('reader'),
        Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      },
    ]),
    user('foreign', [everything], { accountId: '111111111111' }),
    user('stranger', [], { accountId: '111111111111' }),
  ],
  roles: [
    role('reader', 'firehose.amazonaws.com', readsSecret),
    role('blind', 'firehose.amazonaws.com'),
    role('function-reader', 'lambda.amazonaws.com', readsSecret),
    role('function-blind', 'lambda.amazonaws.com'),
  ],
}

const agent = new http.Agent({ keepAlive: true })
let server: Millrace

before(async () => {
  const of = (name: string) => ({ url: 'http://127.0.0.1:9/', role: roleArn(name) })
  server = await startMillrace({
    limits: 'off',
    transitionMs: 5,
    identity: identity as never,
    functions: { secret: of('function-blind'), good: of('function-reader') },
    endpoints: 'any',
  })
  await root('streams', 'CreateStream', { StreamName: 'secret', ShardCount: 3, Tags: { Team: 'blue' } })
  await root('streams', 'CreateStream', { StreamName: 'open', ShardCount: 1 })
  for (const StreamName of ['secret', 'open'])
    for (;;) {
      const { StreamDescriptionSummary } = await root('streams', 'DescribeStreamSummary', { StreamName })
      if (StreamDescriptionSummary.StreamStatus === 'ACTIVE') break
    }
  const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' }]
  const KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' }]
  const table = { AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' }
  for (const TableName of ['secret', 'shared']) {
    await root('dynamodb', 'CreateTable', { TableName, ...table })
    while ((await root('dynamodb', 'DescribeTable', { TableName })).Table.TableStatus !== 'ACTIVE');
  }
})
after(async () => {
  agent.destroy()
  await server.stop()
})

async function ask(who: string, folder: string, operation: string, input: object) {
  const service = wiredServices[folder]!
  const binding = folder === 'lambda' ? bindings[operation] : undefined
  const request = wireRequest(service, operation, service.wires[0]!, input as Record<string, unknown>, binding)
  const headers = await signedHeaders(server.url, request, service.name, keyOf(who))
  const target = { url: server.url, kind: 'local', region: 'us-east-1', pollMs: 5, stop: async () => {} } as const
  const answer = await httpCall(target, agent, { ...request, headers, authorization: 'as given' })
  const code = String(answer.body?.__type ?? answer.headers['x-amzn-errortype'] ?? '').replace(/^.*#/, '')
  return { status: answer.status, code, body: answer.body, message: answer.body?.message ?? answer.body?.Message }
}

const bindings: Readonly<Record<string, { method: string; path: string; query?: Readonly<Record<string, string>> }>> = {
  GetFunction: { method: 'GET', path: '/2015-03-31/functions/{FunctionName}', query: { Qualifier: 'Qualifier' } },
  CreateEventSourceMapping: { method: 'POST', path: '/2015-03-31/event-source-mappings' },
}

async function root(folder: string, operation: string, input: object) {
  const { body, status } = await ask('root', folder, operation, input)
  assert.ok(status < 300, `${operation}: ${JSON.stringify(body)}`)
  return body
}

/** Refused, and for nothing else than that it may not. */
async function denied(who: string, folder: string, operation: string, input: object): Promise<void> {
  const { body, code } = await ask(who, folder, operation, input)
  assert.equal(code, 'AccessDeniedException', `${operation} ${JSON.stringify(input)}: ${JSON.stringify(body)}`)
}

test('a stream that is denied is denied by each of its names', { skip: onlyLocal }, async () => {
  const names = [
    { StreamName: 'secret' },
    { StreamARN: secretArn },
    { StreamName: 'secret', StreamARN: secretArn },
    { StreamName: 'secret', StreamId: 'aaaaaaaaaaaaaaaaaaaa-aaa' },
    { StreamARN: secretArn.replace('arn:aws:', 'arn:aws-cn:') },
    { StreamARN: secretArn.replace('arn:aws:', 'arn:awsome:') },
  ]
  for (const name of names)
    for (const operation of ['DescribeStream', 'DescribeStreamSummary', 'ListShards', 'DeleteStream'])
      await denied('blocked', 'streams', operation, name)
})

test('an ARN of elsewhere, or a name in other letters, is nothing that is here', { skip: onlyLocal }, async () => {
  for (const name of [
    { StreamARN: secretArn.replace('us-east-1', 'eu-west-1') },
    { StreamARN: secretArn.replace(accountId, '111111111111') },
    { StreamARN: `${secretArn}/` },
    { StreamName: 'SECRET' },
  ]) {
    const { code } = await ask('blocked', 'streams', 'DescribeStream', name)
    assert.match(code, /^(AccessDenied|ResourceNotFound|InvalidArgument|Validation)Exception$/, JSON.stringify(name))
  }
})

test('an iterator or a NextToken that somebody else got is no way to a stream', { skip: onlyLocal }, async () => {
  const shard = { StreamName: 'secret', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' }
  const { ShardIterator } = await root('streams', 'GetShardIterator', shard)
  await root('streams', 'GetRecords', { ShardIterator })
  for (const StreamARN of [undefined, secretArn, arnOf('kinesis', 'stream/open')])
    await denied('blocked', 'streams', 'GetRecords', { ShardIterator, StreamARN })
  const { NextToken } = await root('streams', 'ListShards', { StreamName: 'secret', MaxResults: 1 })
  await denied('blocked', 'streams', 'ListShards', { NextToken })
  await denied('blocked', 'streams', 'ListShards', { NextToken, StreamARN: arnOf('kinesis', 'stream/open') })
})

test('a consumer that is denied is denied by its ARN and by its name', { skip: onlyLocal }, async () => {
  const named = { StreamARN: secretArn, ConsumerName: 'reader' }
  const { Consumer } = await root('streams', 'RegisterStreamConsumer', named)
  const { ConsumerARN } = Consumer
  const StartingPosition = { Type: 'LATEST' }
  await denied('blocked', 'streams', 'SubscribeToShard', {
    ConsumerARN,
    ShardId: 'shardId-000000000000',
    StartingPosition,
  })
  for (const name of [{ ConsumerARN }, named, { ...named, ConsumerARN }])
    for (const operation of ['DescribeStreamConsumer', 'DeregisterStreamConsumer'])
      await denied('blocked', 'streams', operation, name)
  for (const ResourceARN of [ConsumerARN, secretArn])
    for (const operation of ['ListTagsForResource', 'GetResourcePolicy', 'DeleteResourcePolicy'])
      await denied('blocked', 'streams', operation, { ResourceARN })
})

test('a table that is denied is denied by name, ARN and index, in batches and transactions', {
  skip: onlyLocal,
}, async () => {
  const Key = { id: { S: 'a' } }
  for (const TableName of [
    'secret',
    arnOf('dynamodb', 'table/secret'),
    arnOf('dynamodb', 'table/secret').replace('us-east-1', 'x'),
  ]) {
    await denied('blocked', 'dynamodb', 'GetItem', { TableName, Key })
    await denied('blocked', 'dynamodb', 'Scan', { TableName, IndexName: 'by-name' })
    await denied('blocked', 'dynamodb', 'BatchGetItem', {
      RequestItems: { open: { Keys: [Key] }, [TableName]: { Keys: [Key] } },
    })
    await denied('blocked', 'dynamodb', 'TransactGetItems', { TransactItems: [{ Get: { TableName, Key } }] })
    await denied('blocked', 'dynamodb', 'TransactWriteItems', { TransactItems: [{ Delete: { TableName, Key } }] })
  }
  await denied('blocked', 'glue', 'GetTable', { DatabaseName: 'DB', Name: 'SECRET' })
})

test('a function that is denied is denied by each of its names', { skip: onlyLocal }, async () => {
  const arn = arnOf('lambda', 'function:secret')
  for (const FunctionName of [
    'secret',
    'secret:$LATEST',
    arn,
    `${arn}:$LATEST`,
    `${accountId}:function:secret`,
    `function:secret`,
  ])
    await denied('blocked', 'lambda', 'GetFunction', { FunctionName })
  await denied('blocked', 'lambda', 'GetFunction', { FunctionName: 'secret', Qualifier: '$LATEST' })
})

test('conditions ask for tags of resources and of requests', { skip: onlyLocal }, async () => {
  assert.equal((await ask('tagged', 'streams', 'DescribeStreamSummary', { StreamName: 'secret' })).status, 200)
  await denied('tagged', 'streams', 'DescribeStreamSummary', { StreamName: 'open' })
  assert.equal(
    (await ask('tagged', 'streams', 'AddTagsToStream', { StreamName: 'open', Tags: { team: 'red' } })).status,
    200,
  )
  await denied('tagged', 'streams', 'AddTagsToStream', { StreamName: 'open', Tags: { team: 'red', cost: '1' } })
  await denied('tagged', 'streams', 'UntagResource', { ResourceARN: secretArn, TagKeys: ['Team', 'cost'] })
})

test('items are for whom their leading keys are', { skip: onlyLocal }, async () => {
  const own = { id: { S: 'own' } }
  const other = { id: { S: 'other' } }
  const TableName = 'shared'
  const query = (id: string, names = false) => ({
    TableName,
    KeyConditionExpression: names ? '#k = :id' : 'id = :id',
    ExpressionAttributeValues: { ':id': { S: id } },
    ...(names && { ExpressionAttributeNames: { '#k': 'id' } }),
  })
  assert.equal((await ask('own', 'dynamodb', 'GetItem', { TableName, Key: own })).status, 200)
  assert.equal((await ask('own', 'dynamodb', 'Query', query('own', true))).status, 200)
  await denied('own', 'dynamodb', 'GetItem', { TableName, Key: other })
  await denied('own', 'dynamodb', 'Query', query('other'))
  await denied('own', 'dynamodb', 'Query', query('other', true))
  await denied('own', 'dynamodb', 'BatchGetItem', { RequestItems: { [TableName]: { Keys: [own, other] } } })
})

test("another account needs its own policies and the stream's", { skip: onlyLocal }, async () => {
  const Statement = [
    { Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'kinesis:DescribeStream*', Resource: secretArn },
  ]
  const wanted = { StreamARN: secretArn }
  const before = await ask('foreign', 'streams', 'DescribeStreamSummary', wanted)
  assert.match(before.message, /because no resource-based policy allows the kinesis:DescribeStreamSummary action$/)
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await root('streams', 'PutResourcePolicy', { ResourceARN: secretArn, Policy })
  assert.equal((await ask('foreign', 'streams', 'DescribeStreamSummary', wanted)).status, 200)
  await denied('foreign', 'streams', 'ListShards', wanted)
  const stranger = await ask('stranger', 'streams', 'DescribeStreamSummary', wanted)
  assert.match(stranger.message, /because no identity-based policy allows/)
  await root('streams', 'DeleteResourcePolicy', { ResourceARN: secretArn })
  await denied('foreign', 'streams', 'DescribeStreamSummary', wanted)
})

const delivery = (name: string, RoleARN: string) => ({
  DeliveryStreamName: name,
  DeliveryStreamType: 'KinesisStreamAsSource',
  KinesisStreamSourceConfiguration: { KinesisStreamARN: secretArn, RoleARN },
  HttpEndpointDestinationConfiguration: {
    EndpointConfiguration: { Url: 'http://127.0.0.1:9/' },
    RoleARN: roleArn('reader'),
    S3Configuration: { BucketARN: 'arn:aws:s3:::bucket', RoleARN: roleArn('reader') },
  },
})

test('a delivery stream reads what its role may read', { skip: onlyLocal }, async () => {
  const create = (name: string, as: string) =>
    ask('root', 'firehose', 'CreateDeliveryStream', delivery(name, roleArn(as)))
  const nobody = await create('none', 'nobody')
  assert.equal(
    nobody.message,
    `Firehose is unable to assume role ${roleArn('nobody')}. Please check the role provided.`,
  )
  const untrusting = await create('none', 'function-reader')
  assert.equal(untrusting.code, 'InvalidArgumentException', untrusting.message)
  const blind = await create('none', 'blind')
  assert.equal(
    blind.message,
    `Role ${roleArn('blind')} is not authorized to perform: kinesis:DescribeStream on resource: ${secretArn}.`,
  )
  await denied('passer', 'firehose', 'CreateDeliveryStream', delivery('none', roleArn('reader')))
})

test('a mapping reads what the role of its function may read', { skip: onlyLocal }, async () => {
  const mapping = (FunctionName: string) => ({
    FunctionName,
    EventSourceArn: secretArn,
    StartingPosition: 'LATEST',
    Enabled: false,
  })
  const blind = await ask('root', 'lambda', 'CreateEventSourceMapping', mapping('secret'))
  assert.equal(blind.code, 'InvalidParameterValueException')
  assert.match(blind.message, new RegExp(`^Cannot access stream ${secretArn}. Please ensure the role can perform`))
  const good = await ask('root', 'lambda', 'CreateEventSourceMapping', mapping('good'))
  assert.equal(good.status, 202, JSON.stringify(good.body))
})
