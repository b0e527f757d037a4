import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditedCall } from '../core/audit.ts'
import { AwsError } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import * as dynamodb from '../services/dynamodb/operations/index.ts'
import * as lambda from '../services/lambda/operations/index.ts'
import * as streams from '../services/streams/operations/index.ts'
import type { AnyOperation } from './canary-input-fixture.ts'
import { eventKindOf } from './event-kinds.ts'
import { eventRecord } from './event-record.ts'

/* AWS's published records are the model: the facts of each are given, and its members must come out. */

const place = { accountId: '123456789012', region: 'us-east-1' }

const alice: Caller = {
  accountId: place.accountId,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  identity: {
    type: 'IAMUser',
    arn: 'arn:aws:iam::123456789012:user/Alice',
    principalId: 'AIDACKCEVSQ6C2EXAMPLE',
    name: 'Alice',
  },
}

const bob: Caller = {
  accountId: place.accountId,
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  identity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::123456789012:assumed-role/admin-role/bob',
    principalId: 'AROAI44QH8DHBEXAMPLE:bob',
    name: 'admin-role',
    session: {
      createdAtMs: Date.UTC(2015, 4, 28, 18, 6, 1),
      expiresAtMs: Date.UTC(2015, 4, 28, 19, 6, 1),
      issuer: {
        arn: 'arn:aws:iam::123456789012:role/admin-role',
        principalId: 'AROAI44QH8DHBEXAMPLE',
        name: 'admin-role',
      },
    },
  },
}

function recordOf(service: string, operation: AnyOperation, call: Partial<AuditedCall>, atMs = 0) {
  const whole: AuditedCall = {
    service: { name: service, targetPrefix: '' },
    operation,
    caller: alice,
    requestId: 'db6c59f8-c757-11e3-bc3b-57923b443c1c',
    input: {},
    resourceArns: [],
    outcome: { output: undefined },
    sourceIp: '127.0.0.1',
    userAgent: 'aws-sdk-java/unknown-version Linux/x.xx',
    tls: undefined,
    vpcEndpointId: undefined,
    ...call,
  }
  const eventId = 'b7acfcd0-6ca9-4ee1-a3d7-c4e8d420d99b'
  const record = eventRecord(whole, eventKindOf(operation), { eventId, place, completedAtMs: atMs })
  return JSON.parse(JSON.stringify(record))
}

test("a user's CreateStream is recorded member for member as in AWS's developer guide", () => {
  const input = { StreamName: 'GoodStream', ShardCount: 1 }
  const record = recordOf('kinesis', streams.createStream, { input }, Date.UTC(2014, 3, 19, 0, 16, 31, 999))
  assert.deepEqual(record, {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDACKCEVSQ6C2EXAMPLE',
      arn: 'arn:aws:iam::123456789012:user/Alice',
      accountId: '123456789012',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'Alice',
    },
    eventTime: '2014-04-19T00:16:31Z',
    eventSource: 'kinesis.amazonaws.com',
    eventName: 'CreateStream',
    awsRegion: 'us-east-1',
    sourceIPAddress: '127.0.0.1',
    userAgent: 'aws-sdk-java/unknown-version Linux/x.xx',
    requestParameters: { shardCount: 1, streamName: 'GoodStream' },
    responseElements: null,
    requestID: 'db6c59f8-c757-11e3-bc3b-57923b443c1c',
    eventID: 'b7acfcd0-6ca9-4ee1-a3d7-c4e8d420d99b',
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '123456789012',
    eventCategory: 'Management',
  })
  assert.deepEqual(Object.keys(record).slice(0, 5), [
    'eventVersion',
    'userIdentity',
    'eventTime',
    'eventSource',
    'eventName',
  ])
})

test("a session's identity names its role, and when the session began", () => {
  const { userIdentity } = recordOf('kinesis', streams.listStreams, { caller: bob })
  assert.deepEqual(userIdentity, {
    type: 'AssumedRole',
    principalId: 'AROAI44QH8DHBEXAMPLE:bob',
    arn: 'arn:aws:sts::123456789012:assumed-role/admin-role/bob',
    accountId: '123456789012',
    accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAI44QH8DHBEXAMPLE',
        arn: 'arn:aws:iam::123456789012:role/admin-role',
        accountId: '123456789012',
        userName: 'admin-role',
      },
      attributes: { creationDate: '2015-05-28T18:06:01Z', mfaAuthenticated: 'false' },
    },
  })
})

test("a user's own session (GetSessionToken) has attributes and no issuer", () => {
  const caller = { ...alice, identity: { ...alice.identity!, session: bob.identity!.session! } }
  const { userIdentity } = recordOf('kinesis', streams.listStreams, { caller })
  assert.equal(userIdentity.type, 'IAMUser')
  assert.deepEqual(Object.keys(userIdentity.sessionContext), ['attributes'])
})

test('who has proved nothing is of the type Unknown', () => {
  const { userIdentity } = recordOf('kinesis', streams.listStreams, { caller: { accountId: '1', accessKeyId: 'any' } })
  assert.deepEqual(userIdentity, { type: 'Unknown', accountId: '1', accessKeyId: 'any' })
})

test("DynamoDB's UpdateTable has AWS's parameters, elements, times and API version", () => {
  const increased = new Date(Date.UTC(2015, 4, 3, 23, 34, 14))
  const input = { TableName: 'Music', ProvisionedThroughput: { WriteCapacityUnits: 25, ReadCapacityUnits: 25 } }
  const output = {
    TableDescription: {
      TableName: 'Music',
      AttributeDefinitions: [{ AttributeType: 'S', AttributeName: 'Artist' }],
      ItemCount: 0,
      ProvisionedThroughput: { WriteCapacityUnits: 10, ReadCapacityUnits: 10, NumberOfDecreasesToday: 0 },
      CreationDateTime: increased,
      KeySchema: [{ AttributeName: 'Artist', KeyType: 'HASH' }],
      TableStatus: 'UPDATING',
      TableSizeBytes: 0,
    },
  }
  const record = recordOf('dynamodb', dynamodb.updateTable, { input, outcome: { output }, caller: bob })
  assert.equal(record.apiVersion, '2012-08-10')
  assert.deepEqual(record.requestParameters, {
    tableName: 'Music',
    provisionedThroughput: { writeCapacityUnits: 25, readCapacityUnits: 25 },
  })
  assert.deepEqual(record.responseElements, {
    tableDescription: {
      tableName: 'Music',
      attributeDefinitions: [{ attributeType: 'S', attributeName: 'Artist' }],
      itemCount: 0,
      provisionedThroughput: { writeCapacityUnits: 10, readCapacityUnits: 10, numberOfDecreasesToday: 0 },
      creationDateTime: 'May 3, 2015, 11:34:14 PM',
      keySchema: [{ attributeName: 'Artist', keyType: 'HASH' }],
      tableStatus: 'UPDATING',
      tableSizeBytes: 0,
    },
  })
})

test("a data event names its resource, has no elements, and PutRecord counts as reading, as AWS's does", () => {
  const arn = 'arn:aws:kinesis:us-east-1:123456789012:stream/orders'
  const input = { StreamARN: arn, Data: Buffer.from('secret'), PartitionKey: 'secret' }
  const output = { ShardId: 'shardId-000000000000', SequenceNumber: '1' }
  const record = recordOf('kinesis', streams.putRecord, { input, resourceArns: [arn], outcome: { output } })
  assert.deepEqual(record.requestParameters, { streamARN: arn })
  assert.equal(record.responseElements, null)
  assert.deepEqual(record.resources, [{ accountId: '123456789012', type: 'AWS::Kinesis::Stream', ARN: arn }])
  assert.deepEqual([record.readOnly, record.managementEvent, record.eventCategory], [true, false, 'Data'])
})

test("Lambda's events have the names with dates that AWS gives them", () => {
  const names = Object.values(lambda).map((declared) => eventKindOf(declared as AnyOperation).eventName)
  assert.ok(names.includes('CreateEventSourceMapping20150331') && names.includes('UpdateFunctionCode20150331v2'))
  assert.ok(names.includes('Invoke'))
})

test("a refusal is AccessDenied with AWS's sentence, and has neither parameters nor elements", () => {
  const message =
    'User: arn:aws:iam::123456789012:user/Alice is not authorized to perform: kinesis:DeleteStream on resource: ' +
    'arn:aws:kinesis:us-east-1:123456789012:stream/orders because no identity-based policy allows the kinesis:DeleteStream action'
  const error = new AwsError('AccessDeniedException', message)
  const record = recordOf('kinesis', streams.deleteStream, { input: { StreamName: 'orders' }, outcome: { error } })
  assert.deepEqual([record.errorCode, record.errorMessage], ['AccessDenied', message])
  assert.deepEqual([record.requestParameters, record.responseElements], [null, null])
})

test("an error's sentence is told where all of the input is, and hidden where it may repeat what is not", () => {
  const error = new AwsError('ValidationException', "Value 'secret' at 'partitionKey' failed to satisfy constraint: …")
  const put = recordOf('kinesis', streams.putRecord, { input: { PartitionKey: 'secret' }, outcome: { error } })
  assert.deepEqual([put.errorCode, put.errorMessage], ['ValidationException', 'HIDDEN_DUE_TO_SECURITY_REASONS'])
  const create = recordOf('kinesis', streams.createStream, { input: { StreamName: '?' }, outcome: { error } })
  assert.equal(create.errorMessage, error.message)
  const undecoded = recordOf('kinesis', streams.createStream, { input: undefined, outcome: { error } })
  assert.equal(undecoded.errorMessage, 'HIDDEN_DUE_TO_SECURITY_REASONS')
})

test('TLS, a private endpoint and another account are named where there are any', () => {
  const tls = { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', host: 'kinesis.us-east-1.amazonaws.com' }
  const far = { ...alice, identity: { ...alice.identity!, arn: 'arn:aws:iam::999999999999:user/Alice' } }
  const record = recordOf('kinesis', streams.listStreams, { tls, vpcEndpointId: 'vpce-1a2b3c4d', caller: far })
  assert.deepEqual(record.tlsDetails, {
    tlsVersion: 'TLSv1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    clientProvidedHostHeader: 'kinesis.us-east-1.amazonaws.com',
  })
  assert.deepEqual([record.vpcEndpointId, record.vpcEndpointAccountId], ['vpce-1a2b3c4d', '123456789012'])
  assert.deepEqual([record.userIdentity.accountId, record.recipientAccountId], ['999999999999', '123456789012'])
  assert.ok(record.sharedEventID)
})

test("what is larger than AWS's fields is cut or left out", () => {
  const input = { StreamName: 'a'.repeat(200_000) }
  const error = new AwsError('LimitExceededException', 'm'.repeat(3000))
  const record = recordOf('kinesis', streams.createStream, { input, userAgent: 'u'.repeat(3000), outcome: { error } })
  assert.deepEqual(record.requestParameters, { omitted: true })
  assert.deepEqual([record.userAgent.length, record.errorMessage.length], [1024, 1024])
})

test('names that every object has are only names', () => {
  const tags = new Map([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  const record = recordOf('kinesis', streams.createStream, { input: { StreamName: 'a', Tags: tags } })
  assert.deepEqual(Object.entries(record.requestParameters.tags), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})
