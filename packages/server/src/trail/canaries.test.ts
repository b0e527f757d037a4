import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AuditedCall } from '../core/audit.ts'
import { AwsError } from '../core/aws-error.ts'
import { json } from '../gateway/protocols/json.ts'
import { CanaryInputs, operationTables } from './canary-input-fixture.ts'
import { eventKindOf } from './event-kinds.ts'
import { eventRecord } from './event-record.ts'
import { toldMembers, toldOfData } from './told-members.ts'

const place = { accountId: '123456789012', region: 'us-east-1' }
const identity = { eventId: 'e', place, completedAtMs: 0 }

/** What carries payloads and secrets; a name here that comes to be told needs a very good reason. */
const neverTold = [
  ...['Data', 'Record', 'Records', 'PartitionKey', 'ExplicitHashKey', 'Payload', 'ClientContext', 'ZipFile', 'Code'],
  ...['Item', 'RequestItems', 'TransactItems', 'Expected', 'AttributeUpdates', 'ExpressionAttributeValues'],
  ...[
    'ExclusiveStartKey',
    'KeyConditions',
    'QueryFilter',
    'ScanFilter',
    'MetricData',
    'EntityMetricData',
    'Environment',
  ],
  ...['Password', 'Username', 'AccessKey', 'SecretAccessKey', 'SessionToken', 'TokenCode', 'HECToken', 'PrivateKey'],
  ...[
    'KeyPassphrase',
    'User',
    'Url',
    'ClusterJDBCURL',
    'CopyOptions',
    'CommonAttributes',
    'ParameterValue',
    'NextToken',
  ],
  ...['ClientRequestToken', 'ExternalId', 'Description', 'FilterCriteria', 'UpdateExpression', 'ConditionExpression'],
]

test('no member that carries a payload or a secret is among those that are told', () => {
  for (const [service, names] of [...toldMembers, ...toldOfData])
    for (const name of neverTold) assert.ok(!names.has(name), `${service} tells ${name}`)
  for (const service of toldOfData.keys())
    for (const name of ['Key', 'Value', 'Tags', 'Policy']) assert.ok(!toldOfData.get(service)!.has(name), name)
})

/** A record of each operation's call, with canaries in all that goes in and comes out, and in the error's sentence. */
function recordsOf(): {
  readonly canaries: CanaryInputs
  readonly records: { service: string; text: string; isData: boolean }[]
} {
  const canaries = new CanaryInputs()
  const records = operationTables.flatMap(({ service, operations }) =>
    operations.flatMap((operation) => {
      const body = canaries.of(operation.input, operation.name, operation.name)
      const input = operation.input.decode(body, json.wire)
      const said = JSON.stringify(body)
      const outcomes: AuditedCall['outcome'][] = [
        { output: input },
        { output: { Reply: input, Rows: [input] } },
        ...['ValidationException', 'SerializationException', 'InvalidArgumentException'].map((code) => ({
          error: new AwsError(code, said),
        })),
      ]
      const kind = eventKindOf(operation)
      return outcomes.map((outcome) => {
        const call = { ...anyCall, service: { name: service, targetPrefix: '' }, operation, input, outcome }
        return { service, text: JSON.stringify(eventRecord(call, kind, identity)), isData: kind.isData }
      })
    }),
  )
  return { canaries, records }
}

const anyCall: Omit<AuditedCall, 'service' | 'operation' | 'input' | 'outcome'> = {
  caller: { accountId: place.accountId, accessKeyId: 'AKIA' },
  requestId: 'r',
  resourceArns: [],
  sourceIp: '127.0.0.1',
  userAgent: undefined,
  tls: undefined,
  vpcEndpointId: undefined,
}

test('whatever a call of any operation holds, only members that may be told come out', (t: TestContext) => {
  const { canaries, records } = recordsOf()
  for (const { service, text, isData } of records) {
    const names = (isData ? toldOfData : toldMembers).get(service)!
    for (const { path, member, isBytes } of canaries.foundIn(text)) {
      assert.ok(names.has(member), `${path} came out: ${text}`)
      assert.ok(!isBytes, `${path} are bytes and came out`)
    }
  }
  const told = canaries.foundIn(records.map(({ text }) => text).join('\n')).length
  t.diagnostic(`${canaries.planted.size} canaries in ${records.length} records; ${told} told, all of them by name`)
  assert.ok(canaries.planted.size > 1000 && told > 100)
})

test('the walk finds members in lists of structures and in maps, so that it can find a leak', () => {
  const { canaries } = recordsOf()
  const paths = new Set([...canaries.planted.values()].map(({ path }) => path))
  for (const path of [
    'PutRecords.Records.PartitionKey',
    'PutRecord.Data',
    'PutItem.Item',
    'CreateDeliveryStream.HttpEndpointDestinationConfiguration.EndpointConfiguration.AccessKey',
    'CreateDeliveryStream.SplunkDestinationConfiguration.HECToken',
    'PutMetricData.MetricData.MetricName',
    'Invoke.Payload',
    'CreateTable.TableInput.StorageDescriptor.Columns.Comment',
  ])
    assert.ok(paths.has(path), path)
})
