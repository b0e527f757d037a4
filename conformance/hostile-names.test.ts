import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { encode } from 'cborg'
import { startMillrace } from '../packages/server/src/index.ts'
import { guardedFolder, tellsOfOutside } from './harness/guarded-folder.ts'
import { hostileNames } from './harness/hostile-names.ts'
import { PlainConnections, type Received, type Sent } from './harness/plain-connections.ts'
import { type Key, signedHeaders } from './harness/request-signer.ts'

/*
 * Names that clients choose, in every name that they can give. What becomes of them on the disk: hostile-deliveries.test.ts.
 */

const names = hostileNames
const bucketArn = 'arn:aws:s3:::lake'
const roleArn = 'arn:aws:iam::000000000000:role/r'
const streamArn = (name: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
const tableArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/table'
const s3 = (more: object) => ({ BucketARN: bucketArn, RoleARN: roleArn, ...more })
const update = (more: object) => ({
  DeliveryStreamName: 'good',
  CurrentDeliveryStreamVersionId: '1',
  DestinationId: 'destinationId-000000000001',
  ExtendedS3DestinationUpdate: more,
})
/** A conversion by a schema, which is asked for at once. */
const conversion = (DatabaseName: string, TableName: string) => ({
  BufferingHints: { SizeInMBs: 64 },
  DataFormatConversionConfiguration: {
    Enabled: true,
    InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
    OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
    SchemaConfiguration: { RoleARN: roleArn, DatabaseName, TableName },
  },
})
const key = { KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST' }
const attributes = [{ AttributeName: 'a', AttributeType: 'S' }]
/** With a key of its own, also where that is `__proto__`. */
const keyed = (name: string, value: unknown) => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`)
const tag = (name: string) => [{ Key: name || 'x', Value: name }]

const kinesis = 'Kinesis_20131202'
const firehose = 'Firehose_20150804'
const glue = 'AWSGlue'
const dynamodb = 'DynamoDB_20120810'
const cloudwatch = 'GraniteServiceVersion20100801'

type Place = readonly [service: string, operation: string, inputOf: (name: string) => object]

/** Where a name can be given. */
const places: readonly Place[] = [
  [kinesis, 'CreateStream', (name) => ({ StreamName: name, ShardCount: 1 })],
  [kinesis, 'DescribeStream', (name) => ({ StreamARN: streamArn(name) })],
  [kinesis, 'PutRecord', (name) => ({ StreamName: 'good', Data: 'AA==', PartitionKey: name })],
  [kinesis, 'AddTagsToStream', (name) => ({ StreamName: 'good', Tags: keyed(name, 'v') })],
  [kinesis, 'TagResource', (name) => ({ ResourceARN: streamArn('good'), Tags: keyed(`t${name}`.slice(0, 128), name) })],
  [kinesis, 'RegisterStreamConsumer', (name) => ({ StreamARN: streamArn('good'), ConsumerName: name })],
  [kinesis, 'GetShardIterator', (name) => ({ StreamName: 'good', ShardId: name, ShardIteratorType: 'LATEST' })],
  [kinesis, 'GetRecords', (name) => ({ ShardIterator: name || 'x' })],
  [kinesis, 'StartStreamEncryption', (name) => ({ StreamName: 'good', EncryptionType: 'KMS', KeyId: name || 'x' })],
  [
    firehose,
    'CreateDeliveryStream',
    (name) => ({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration: s3({}) }),
  ],
  [firehose, 'TagDeliveryStream', (name) => ({ DeliveryStreamName: 'good', Tags: tag(name) })],
  [firehose, 'UpdateDestination', (name) => update({ BucketARN: `arn:aws:s3:::${name}`, Prefix: 1 })],
  [firehose, 'UpdateDestination', (name) => update({ FileExtension: name, ErrorOutputPrefix: name })],
  [firehose, 'UpdateDestination', (name) => update(conversion(name, 'table'))],
  [firehose, 'UpdateDestination', (name) => update(conversion('db', `${name}/table`))],
  [glue, 'CreateDatabase', (name) => ({ DatabaseInput: { Name: name } })],
  [glue, 'GetTables', (name) => ({ DatabaseName: name })],
  [glue, 'GetTable', (name) => ({ DatabaseName: name, Name: 'table' })],
  [glue, 'GetTable', (name) => ({ DatabaseName: 'db', Name: `${name}/table` })],
  [
    glue,
    'CreateTable',
    (name) => ({ DatabaseName: 'own', TableInput: { Name: name, Parameters: keyed(name || 'x', 'v') } }),
  ],
  [dynamodb, 'CreateTable', (name) => ({ TableName: name, AttributeDefinitions: attributes, ...key })],
  [dynamodb, 'TagResource', (name) => ({ ResourceArn: tableArn, Tags: tag(name) })],
  [
    dynamodb,
    'PutItem',
    (name) => ({
      TableName: 'table',
      Item: { ...keyed(name || 'x', { M: keyed(name, { S: 'v' }) }), a: { S: name || 'x' } },
    }),
  ],
  [
    dynamodb,
    'Query',
    (name) => ({
      TableName: 'table',
      KeyConditionExpression: '#a = :a',
      ExpressionAttributeNames: { '#a': name },
      ExpressionAttributeValues: { ':a': { S: 'x' } },
    }),
  ],
  [
    cloudwatch,
    'PutMetricData',
    (name) => ({
      Namespace: (name || 'x').slice(0, 255),
      MetricData: [{ MetricName: name, Value: 1, Dimensions: [{ Name: name, Value: name }] }],
    }),
  ],
]

const byCborToo = new Set(['CreateStream', 'RegisterStreamConsumer', 'AddTagsToStream'])

/** A sender over connections of its own. */
function sender(t: TestContext, url: string) {
  const connections = new PlainConnections(url)
  t.after(() => connections.close())
  return (sent: Sent) =>
    connections.send({ ...sent, headers: { 'x-amz-date': '20260101T000000Z', authorization, ...sent.headers } })
}

const authorization =
  'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00'

const json = (service: string, operation: string, input: object): Sent => ({
  headers: {
    'content-type': `application/x-amz-json-${service === dynamodb || service === cloudwatch ? '1.0' : '1.1'}`,
    'x-amz-target': `${service}.${operation}`,
  },
  body: JSON.stringify(input),
})

const cbor = (service: string, operation: string, input: object): Sent => ({
  headers: { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': `${service}.${operation}` },
  body: encode(input),
})

const query = (form: string): Sent => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form })

/** Keeps count, and what was wrong: an answer that is no answer to a bad name, or that tells of what is outside. */
function ledger() {
  const faults: string[] = []
  let tried = 0
  let taken = 0
  return {
    faults,
    count(place: string, name: string, { status, text }: Received): void {
      tried++
      if (status < 300) taken++
      if (status >= 500 && status !== 501) faults.push(`${place} ${JSON.stringify(name)}: ${status} ${text}`)
      if (tellsOfOutside(text)) faults.push(`${place} ${JSON.stringify(name)} has read outside`)
    },
    toString: () => `${tried} requests with ${names.length} names; ${taken} were taken as names`,
  }
}

test('no name that a client gives leaves the data folder, or changes what all objects have', async (t) => {
  assert.ok(names.length >= 200)
  const { data, schemas, check } = guardedFolder(t)
  const millrace = await startMillrace({ data, schemas, durability: 'os', limits: 'off', transitionMs: 1 })
  t.after(() => millrace.stop())
  const send = sender(t, millrace.url)
  const good = async (...sent: Parameters<typeof json>) => assert.equal((await send(json(...sent))).status, 200)
  await good(kinesis, 'CreateStream', { StreamName: 'good', ShardCount: 1 })
  await good(dynamodb, 'CreateTable', { TableName: 'table', AttributeDefinitions: attributes, ...key })
  await good(glue, 'CreateDatabase', { DatabaseInput: { Name: 'own' } })
  await good(glue, 'GetTable', { DatabaseName: 'db', Name: 'table' })
  await good(firehose, 'CreateDeliveryStream', {
    DeliveryStreamName: 'good',
    ExtendedS3DestinationConfiguration: s3({}),
  })
  while (!/ACTIVE/.test((await send(json(firehose, 'DescribeDeliveryStream', { DeliveryStreamName: 'good' }))).text))
    await new Promise((resolve) => setTimeout(resolve, 5))

  const said = ledger()
  for (const [service, operation, inputOf] of places)
    await Promise.all(
      names.map(async (name) => said.count(operation, name, await send(json(service, operation, inputOf(name))))),
    )
  for (const [service, operation, inputOf] of places.filter(([, operation]) => byCborToo.has(operation)))
    await Promise.all(
      names.map(async (name) =>
        said.count(`${operation} by CBOR`, name, await send(cbor(service, operation, inputOf(name)))),
      ),
    )
  // Of a form, encoded as a client does, and as they are: what is decoded already walks then.
  const form = (name: string) =>
    `Action=PutMetricData&Version=2010-08-01&Namespace=n${name}&MetricData.member.1.MetricName=${name}` +
    `&MetricData.member.1.Value=1&MetricData.member.1.Dimensions.member.1.Name=${name}` +
    `&MetricData.member.1.Dimensions.member.1.Value=${name}`
  await Promise.all(
    names
      .filter((name) => !name.includes('\ud800'))
      .flatMap((name) => [...(name.includes('%') ? [name] : []), encodeURIComponent(name)])
      .map(async (name) => said.count('PutMetricData by Query', name, await send(query(form(name))))),
  )
  await Promise.all(
    names.map(async (name) => {
      const assume = {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: `${roleArn}/${name}`,
        RoleSessionName: name,
      }
      said.count('AssumeRole', name, await send(query(`${new URLSearchParams(assume)}`)))
    }),
  )
  const inPath = names.filter((name) => !name.includes('\ud800'))
  for (const [method, before, behind] of [
    ['GET', '/2015-03-31/functions/', ''],
    ['POST', '/2015-03-31/functions/', '/invocations'],
    ['GET', '/2015-03-31/event-source-mappings/', ''],
    ['GET', '/', ''],
  ] as const)
    await Promise.all(
      inPath
        .map((name, i) => (i % 2 ? encodeURIComponent(name) : name.replace(/[^\x21-\x7e]/gu, encodeURIComponent)))
        .map(async (name) => said.count(before, name, await send({ method, path: `${before}${name}${behind}` }))),
    )
  for (const inputOf of [
    (name: string) => ({ FunctionName: name, EventSourceArn: streamArn('good'), StartingPosition: 'LATEST' }),
    (name: string) => ({ FunctionName: 'f', EventSourceArn: streamArn(name), StartingPosition: 'LATEST' }),
  ])
    await Promise.all(
      names.map(async (name) => {
        const path = '/2015-03-31/event-source-mappings'
        said.count('CreateEventSourceMapping', name, await send({ path, body: JSON.stringify(inputOf(name)) }))
      }),
    )
  // Bytes that are no UTF-8 at all.
  const overlong = Buffer.concat([
    Buffer.from('{"StreamName":"'),
    Buffer.from('c0aec0aec0af', 'hex'),
    Buffer.from('"}'),
  ])
  said.count('DescribeStream', 'overlong', await send({ ...json(kinesis, 'DescribeStream', {}), body: overlong }))
  // Documents whose own key is __proto__, in every place that has a map.
  for (const [service, operation] of [
    [kinesis, 'CreateStream'],
    [firehose, 'CreateDeliveryStream'],
    [glue, 'CreateTable'],
  ] as const)
    for (const body of [
      '{"__proto__":{"evil":1}}',
      '{"constructor":{"prototype":{"evil":1}}}',
      '{"Tags":{"__proto__":{"evil":"1"}}}',
    ])
      said.count(operation, body, await send({ ...json(service, operation, {}), body }))
  const item = { a: { S: 'own' }, ['__proto__']: { S: 'kept' }, constructor: { S: 'kept too' } }
  await good(dynamodb, 'PutItem', { TableName: 'table', Item: item })
  const got = await send(json(dynamodb, 'GetItem', { TableName: 'table', Key: { a: { S: 'own' } } }))
  assert.deepEqual(
    Object.entries(JSON.parse(got.text).Item).sort(),
    Object.entries(item).sort(),
    'attributes may be called anything',
  )

  t.diagnostic(`${said}`)
  assert.deepEqual(said.faults, [])
  check()
  const strangers = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /outside|passwd|evil/.test(path),
  )
  assert.deepEqual(strangers, [], 'nor is anything inside it called as they wished')
})

test('names of roles, sessions and tags that walk are refused or kept as names, where signatures are verified', async (t) => {
  const { data, check } = guardedFolder(t)
  const ana: Key = { id: 'AKIAANAANAANAANAANAA', secret: 'secret-of-ana'.padEnd(40, '.') }
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  const trustPolicy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: ['sts:AssumeRole', 'sts:TagSession'] }],
  }
  const millrace = await startMillrace({
    data,
    durability: 'os',
    identity: {
      users: [{ name: 'ana', accessKeys: [ana], policies: [everything] }],
      roles: [{ name: 'r', trustPolicy, policies: [everything] }],
    },
  })
  t.after(() => millrace.stop())
  const send = sender(t, millrace.url)
  const assume = async (more: object) => {
    const form = { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: roleArn, RoleSessionName: 'job', ...more }
    const body = Buffer.from(`${new URLSearchParams(form)}`)
    const request = {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    }
    return send({ headers: await signedHeaders(millrace.url, request, 'sts', ana), body })
  }
  assert.equal((await assume({})).status, 200)
  const said = ledger()
  await Promise.all(
    names
      .filter((name) => !name.includes('\ud800'))
      .flatMap((name): object[] => [
        { RoleArn: `arn:aws:iam::000000000000:role/${name}` },
        { RoleSessionName: name },
        { 'Tags.member.1.Key': name, 'Tags.member.1.Value': name, SourceIdentity: 'me' },
      ])
      .map(async (more) => said.count('AssumeRole', JSON.stringify(more), await assume(more))),
  )
  t.diagnostic(`${said}`)
  assert.deepEqual(said.faults, [])
  check()
})

test('documents that are deep or grow when they are read are refused in little time and memory', async (t) => {
  const { gzipSync } = await import('node:zlib')
  const millrace = await startMillrace()
  t.after(() => millrace.stop())
  const headers = {
    'x-amz-date': '20260101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00',
  }
  const deep = 1_000_000
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  const cases: [string, Record<string, string>, Uint8Array | string][] = [
    [
      'deep JSON',
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      '['.repeat(deep),
    ],
    [
      'deep objects',
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      '{"a":'.repeat(deep),
    ],
    [
      'deep items',
      { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' },
      '{"M":'.repeat(deep),
    ],
    [
      'deep CBOR',
      { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      Buffer.alloc(deep, 0x81),
    ],
    [
      'a CBOR length that lies',
      { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      Buffer.from('9bffffffffffffffff', 'hex'),
    ],
    [
      'endless CBOR',
      { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      Buffer.alloc(deep, 0x9f),
    ],
    [
      'CBOR of tags',
      { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      Buffer.alloc(deep, 0xc1),
    ],
    [
      'a gzip of 200 MB',
      {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
        'content-encoding': 'gzip',
      },
      bomb,
    ],
  ]
  for (const [name, more, body] of cases) {
    await fetch(millrace.url, { method: 'POST', headers: { ...headers, ...more }, body: '{}' }).then((answer) =>
      answer.text(),
    )
    const rss = process.memoryUsage.rss()
    const before = process.cpuUsage()
    const answer = await fetch(millrace.url, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: body as string,
    })
    await answer.text()
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1000 // of the processor, of which others may take most
    const grownMb = (process.memoryUsage.rss() - rss) / 1024 / 1024
    t.diagnostic(`${name}: ${answer.status} in ${tookMs.toFixed(0)} ms, ${grownMb.toFixed(0)} MB`)
    assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`)
    assert.ok(tookMs < 2000, name)
    assert.ok(grownMb < 100, name)
  }
})
