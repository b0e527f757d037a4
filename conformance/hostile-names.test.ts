import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMillrace } from '../packages/server/src/index.ts'

/*
 * Names that clients choose, made to walk out of the folders they might be put into, or to reach what every object of JavaScript
 * has. The data folder lies in a folder of its own, which is compared before and after.
 */

const walks = [
  '..',
  '.',
  '../..',
  '../../evil',
  '../outside/secret',
  '/etc/passwd',
  '/tmp/evil',
  '..\\..\\evil',
  'C:\\evil',
  '\\\\host\\x',
]
const encoded = [
  '%2e%2e%2fevil',
  '%2e%2e/evil',
  '..%2fevil',
  '..%5cevil',
  '%252e%252e%252fevil',
  '..%c0%afevil',
  '..%00/evil',
  '%2fetc%2fpasswd',
]
const odd = [
  'a/../../evil',
  './../evil',
  '....//evil',
  '..;/evil',
  'a\0/../evil',
  '../evil\0',
  '~/evil',
  '$HOME/evil',
  'file:///etc/passwd',
  '..／evil',
  '․․/evil',
  'a\n../evil',
  '',
  ' ',
  '../',
  '/..',
  '//',
  'CON',
  'aux.',
  '.millrace',
  'lock',
  '-rf',
]
const prototypes = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'isPrototypeOf',
]
const names = [...walks, ...encoded, ...odd, ...prototypes]

const bucketArn = 'arn:aws:s3:::lake'
const roleArn = 'arn:aws:iam::000000000000:role/r'
const streamArn = (name: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
const destination = (more: object) => ({
  DeliveryStreamName: `d${Math.random()}`,
  ExtendedS3DestinationConfiguration: { BucketARN: bucketArn, RoleARN: roleArn, ...more },
})
const key = { KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST' }
const attributes = [{ AttributeName: 'a', AttributeType: 'S' }]

/** Where a name can be given: target, and the input with it. */
const places: [string, string, (name: string) => object][] = [
  ['Kinesis_20131202.CreateStream', '1.1', (name) => ({ StreamName: name, ShardCount: 1 })],
  ['Kinesis_20131202.DescribeStream', '1.1', (name) => ({ StreamARN: streamArn(name) })],
  ['Kinesis_20131202.PutRecord', '1.1', (name) => ({ StreamName: 'good', Data: 'AA==', PartitionKey: name })],
  [
    'Kinesis_20131202.AddTagsToStream',
    '1.1',
    (name) => ({ StreamName: 'good', Tags: JSON.parse(`{${JSON.stringify(name)}:"v"}`) }),
  ],
  ['Kinesis_20131202.RegisterStreamConsumer', '1.1', (name) => ({ StreamARN: streamArn('good'), ConsumerName: name })],
  [
    'Kinesis_20131202.GetShardIterator',
    '1.1',
    (name) => ({ StreamName: 'good', ShardId: name, ShardIteratorType: 'LATEST' }),
  ],
  ['Firehose_20150804.CreateDeliveryStream', '1.1', (name) => ({ ...destination({}), DeliveryStreamName: name })],
  ['Firehose_20150804.CreateDeliveryStream', '1.1', (name) => destination({ Prefix: name })],
  ['Firehose_20150804.CreateDeliveryStream', '1.1', (name) => destination({ BucketARN: `arn:aws:s3:::${name}` })],
  [
    'Firehose_20150804.CreateDeliveryStream',
    '1.1',
    (name) => destination({ ErrorOutputPrefix: `${name}!{firehose:error-output-type}` }),
  ],
  ['Firehose_20150804.CreateDeliveryStream', '1.1', (name) => destination({ FileExtension: name })],
  ['AWSGlue.CreateDatabase', '1.1', (name) => ({ DatabaseInput: { Name: name } })],
  ['AWSGlue.GetTable', '1.1', (name) => ({ DatabaseName: name, Name: name })],
  [
    'AWSGlue.CreateTable',
    '1.1',
    (name) => ({
      DatabaseName: 'db',
      TableInput: { Name: name, Parameters: JSON.parse(`{${JSON.stringify(name)}:"v"}`) },
    }),
  ],
  ['DynamoDB_20120810.CreateTable', '1.0', (name) => ({ TableName: name, AttributeDefinitions: attributes, ...key })],
  [
    'DynamoDB_20120810.PutItem',
    '1.0',
    (name) => ({
      TableName: 'table',
      Item: JSON.parse(`{"a":{"S":"1"},${JSON.stringify(name || 'x')}:{"M":{${JSON.stringify(name)}:{"S":"v"}}}}`),
    }),
  ],
  [
    'DynamoDB_20120810.Query',
    '1.0',
    (name) => ({
      TableName: 'table',
      KeyConditionExpression: '#a = :a',
      ExpressionAttributeNames: { '#a': name },
      ExpressionAttributeValues: { ':a': { S: 'x' } },
    }),
  ],
  [
    'GraniteServiceVersion20100801.PutMetricData',
    '1.0',
    (name) => ({
      Namespace: name || 'x',
      MetricData: [{ MetricName: name, Value: 1, Dimensions: [{ Name: name, Value: name }] }],
    }),
  ],
]

test('no name that a client gives leaves the data folder, or changes what all objects have', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'names-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  mkdirSync(join(parent, 'outside'))
  writeFileSync(join(parent, 'outside/secret'), 'SECRET-OF-OTHERS')
  for (const folder of ['data/buckets/lake', 'schemas']) mkdirSync(join(parent, folder), { recursive: true })
  const outside = () =>
    readdirSync(parent, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('data'))
      .map((path) => [path, statSync(join(parent, path)).mtimeMs])
  const before = JSON.stringify(outside())
  const ownBefore = Object.getOwnPropertyNames(Object.prototype).join()
  const millrace = await startMillrace({ data: join(parent, 'data'), schemas: join(parent, 'schemas') })
  t.after(() => millrace.stop())

  const send = async (target: string, version: string, input: object | string) => {
    const answer = await fetch(millrace.url, {
      method: 'POST',
      headers: {
        'content-type': `application/x-amz-json-${version}`,
        'x-amz-target': target,
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00',
      },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    })
    return { status: answer.status, text: await answer.text() }
  }
  await send('Kinesis_20131202.CreateStream', '1.1', { StreamName: 'good', ShardCount: 1 })
  await send('DynamoDB_20120810.CreateTable', '1.0', { TableName: 'table', AttributeDefinitions: attributes, ...key })
  await send('AWSGlue.CreateDatabase', '1.1', { DatabaseInput: { Name: 'db' } })
  await new Promise((resolve) => setTimeout(resolve, 200))

  const faults: string[] = []
  let tried = 0
  let taken = 0
  for (const [target, version, inputOf] of places)
    await Promise.all(
      names.map(async (name) => {
        tried++
        const { status, text } = await send(target, version, inputOf(name))
        if (status === 200) taken++
        if (status >= 500 && status !== 501) faults.push(`${target} ${JSON.stringify(name)}: ${status} ${text}`)
        if (/SECRET-OF-OTHERS|root:x:0/.test(text)) faults.push(`${target} ${JSON.stringify(name)} has read outside`)
      }),
    )
  for (const name of names)
    for (const path of [
      `/2015-03-31/functions/${name}`,
      `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
      `/${name}`,
    ]) {
      tried++
      const address = `${millrace.url}${path.replace(/[^\x21-\x7e]/g, encodeURIComponent)}`
      const text = await fetch(address).then(
        (answer) => answer.text(),
        () => '',
      )
      if (/SECRET-OF-OTHERS|root:x:0/.test(text)) faults.push(`${path} has read outside`)
    }
  // Documents whose own key is __proto__, in every place that has a map.
  for (const target of [
    'Kinesis_20131202.CreateStream',
    'Firehose_20150804.CreateDeliveryStream',
    'AWSGlue.CreateTable',
  ])
    for (const poison of [
      '{"__proto__":{"evil":1}}',
      '{"constructor":{"prototype":{"evil":1}}}',
      '{"Tags":{"__proto__":{"evil":"1"}}}',
    ]) {
      tried++
      await send(target, '1.1', poison)
    }
  const item = { a: { S: 'own' }, ['__proto__']: { S: 'kept' }, constructor: { S: 'kept too' } }
  await send('DynamoDB_20120810.PutItem', '1.0', { TableName: 'table', Item: item })
  const got = await send('DynamoDB_20120810.GetItem', '1.0', { TableName: 'table', Key: { a: { S: 'own' } } })
  assert.deepEqual(
    Object.entries(JSON.parse(got.text).Item).sort(),
    Object.entries(item).sort(),
    'attributes may be called anything',
  )

  t.diagnostic(
    `${tried} requests with ${names.length} names in ${places.length + 3} places; ${taken} were taken as names`,
  )
  assert.deepEqual(faults, [])
  assert.equal(JSON.stringify(outside()), before)
  const strangers = readdirSync(join(parent, 'data'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => /evil|passwd|\.\./.test(path) && !path.startsWith(join('buckets', 'lake')),
  )
  assert.deepEqual(strangers, [], 'nor is anything inside it called as they wished')
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), ownBefore)
  assert.equal(({} as { evil?: unknown }).evil, undefined)
  assert.equal(readFileSync(join(parent, 'outside/secret'), 'utf8'), 'SECRET-OF-OTHERS')
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
    const startedMs = performance.now()
    const answer = await fetch(millrace.url, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: body as string,
    })
    await answer.text()
    const tookMs = performance.now() - startedMs
    const grownMb = (process.memoryUsage.rss() - rss) / 1024 / 1024
    t.diagnostic(`${name}: ${answer.status} in ${tookMs.toFixed(0)} ms, ${grownMb.toFixed(0)} MB`)
    assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`)
    assert.ok(tookMs < 2000, name)
    assert.ok(grownMb < 100, name)
  }
})
