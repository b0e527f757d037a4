import assert from 'node:assert/strict'
import http from 'node:http'
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { unverified } from './harness/cases.ts'
import { DynamoDb } from './harness/dynamodb.ts'
import { httpCall } from './harness/http-call.ts'

/*
 * What AWS says to input that makes no sense, as clients see it. Most of the sentences are known from the tests of dynalite,
 * which were recorded against the service; none has been recorded by us.
 */

const dynamodb = await DynamoDb.open()
const { client } = dynamodb
const TableName = await dynamodb.table({
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'seq', AttributeType: 'N' },
    { AttributeName: 'group', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'seq', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byGroup',
      KeySchema: [{ AttributeName: 'group', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
})
const Key = { id: { S: 'a' }, seq: { N: '1' } }

type Case = readonly [input: object, sentence: string]

const refuses = (send: (input: object) => Promise<unknown>, cases: readonly Case[]) => async () => {
  for (const [input, sentence] of cases)
    await assert.rejects(send(input), { name: 'ValidationException', message: sentence }, JSON.stringify(input))
}

const invalid = (sentence: string) => `One or more parameter values were invalid: ${sentence}`

unverified(
  'PutItem refuses items that make no sense',
  refuses(
    (input) => client.send(new PutItemCommand({ TableName, Item: Key, ...input })),
    [
      [{ Item: { id: { S: 'a' } } }, invalid('Missing the key seq in the item')],
      [{ Item: { ...Key, seq: { S: '1' } } }, invalid('Type mismatch for key seq expected: N actual: S')],
      [{ Item: { ...Key, n: { N: 'x' } } }, 'The parameter cannot be converted to a numeric value: x'],
      [{ Item: { ...Key, n: { N: '' } } }, 'The parameter cannot be converted to a numeric value'],
      [
        { Item: { ...Key, n: { N: '1'.repeat(39) } } },
        'Attempting to store more than 38 significant digits in a Number',
      ],
      [
        { Item: { ...Key, n: { N: '1e126' } } },
        'Number overflow. Attempting to store a number with magnitude larger than supported range',
      ],
      [{ Item: { ...Key, s: { SS: [] } } }, invalid('An string set  may not be empty')],
      [{ Item: { ...Key, s: { NS: ['1', '1.0'] } } }, 'Input collection contains duplicates'],
      [{ Item: { ...Key, s: { SS: ['x', 'x'] } } }, invalid('Input collection [x, x] contains duplicates.')],
      [{ Item: { ...Key, s: { NULL: false } } }, invalid('Null attribute value types must have the value of true')],
      [{ Item: { ...Key, big: { S: 'x'.repeat(410_000) } } }, 'Item size has exceeded the maximum allowed size'],
      [
        { Item: { ...Key, id: { S: '' } } },
        'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
          'string value. Key: id',
      ],
      [
        { Item: { ...Key, id: { S: 'x'.repeat(2049) } } },
        invalid('Size of hashkey has exceeded the maximum size limit of2048 bytes'),
      ],
      [
        { Item: { ...Key, group: { N: '1' } } },
        invalid('Type mismatch for Index Key group Expected: S Actual: N IndexName: byGroup'),
      ],
      [{ ReturnValues: 'ALL_NEW' }, 'ReturnValues can only be ALL_OLD or NONE'],
      [
        { ReturnValues: 'SOME' },
        "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy constraint: " +
          'Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]',
      ],
      [
        { ConditionExpression: 'attribute_exists(id)', Expected: { id: { Exists: false } } },
        'Can not use both expression and non-expression parameters in the same request: ' +
          'Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}',
      ],
      [
        { ExpressionAttributeNames: { '#a': 'a' } },
        'ExpressionAttributeNames can only be specified when using expressions',
      ],
      [
        { ExpressionAttributeValues: { ':a': { S: 'a' } } },
        'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
      ],
      [
        { ConditionExpression: 'attribute_exists(id)', ExpressionAttributeValues: { ':a': { S: 'a' } } },
        'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}',
      ],
      [
        { Expected: { x: { ComparisonOperator: 'BETWEEN', AttributeValueList: [{ N: '1' }] } } },
        invalid('Invalid number of argument(s) for the BETWEEN ComparisonOperator'),
      ],
      [{ Expected: { x: {} } }, invalid('Value must be provided when Exists is null for Attribute: x')],
      [
        { Expected: { x: { Exists: false, Value: { S: 'a' } } } },
        invalid('Value cannot be used when Exists is false for Attribute: x'),
      ],
      [{ ConditionalOperator: 'OR' }, invalid('ConditionalOperator cannot be used without Filter or Expected')],
    ],
  ),
)

unverified(
  'GetItem and DeleteItem refuse keys that do not match the schema',
  refuses(
    async (input) => {
      await assert.rejects(
        client.send(new DeleteItemCommand({ TableName, Key, ...input })),
        /does not match the schema/,
      )
      return client.send(new GetItemCommand({ TableName, Key, ...input }))
    },
    [
      [{ Key: { id: { S: 'a' } } }, 'The provided key element does not match the schema'],
      [{ Key: { ...Key, more: { S: 'b' } } }, 'The provided key element does not match the schema'],
      [{ Key: { id: { N: '1' }, seq: { N: '1' } } }, 'The provided key element does not match the schema'],
    ],
  ),
)

unverified(
  'UpdateItem refuses updates that make no sense',
  refuses(
    (input) => client.send(new UpdateItemCommand({ TableName, Key, ...input })),
    [
      [
        { UpdateExpression: 'SET id = :a', ExpressionAttributeValues: { ':a': { S: 'b' } } },
        invalid('Cannot update attribute id. This attribute is part of the key'),
      ],
      [
        { UpdateExpression: 'SET n = n + :a', ExpressionAttributeValues: { ':a': { N: '1' } } },
        'The provided expression refers to an attribute that does not exist in the item',
      ],
      [
        { AttributeUpdates: { n: { Action: 'PUT' } } },
        invalid('Only DELETE action is allowed when no attribute value is specified'),
      ],
      [
        { AttributeUpdates: { n: { Action: 'ADD', Value: { S: 'x' } } } },
        invalid('ADD action is not supported for the type S'),
      ],
      [
        { UpdateExpression: 'SET n = :a', ExpressionAttributeValues: { ':a': { S: 'x'.repeat(410_000) } } },
        'Item size to update has exceeded the maximum allowed size',
      ],
    ],
  ),
)

const a = { ':a': { S: 'a' } }

unverified(
  'Query refuses conditions that no index can answer',
  refuses(
    (input) => client.send(new QueryCommand({ TableName, ...input })),
    [
      [{}, 'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'],
      [
        { KeyConditionExpression: 'seq = :a', ExpressionAttributeValues: { ':a': { N: '1' } } },
        'Query condition missed key schema element: id',
      ],
      [{ KeyConditionExpression: 'id > :a', ExpressionAttributeValues: a }, 'Query key condition not supported'],
      [
        { KeyConditionExpression: 'id = :a OR id = :a', ExpressionAttributeValues: a },
        'Invalid operator used in KeyConditionExpression: OR',
      ],
      [
        { KeyConditionExpression: 'id = :a AND id = :a', ExpressionAttributeValues: a },
        'KeyConditionExpressions must only contain one condition per key',
      ],
      [
        { KeyConditionExpression: 'id = :a', ExpressionAttributeValues: { ':a': { N: '1' } } },
        invalid('Condition parameter type does not match schema type'),
      ],
      [
        { KeyConditionExpression: 'id = :a', FilterExpression: 'id = :a', ExpressionAttributeValues: a },
        'Filter Expression can only contain non-primary key attributes: Primary key attribute: id',
      ],
      [
        { KeyConditionExpression: 'id = :a', ExpressionAttributeValues: a, IndexName: 'other' },
        'The table does not have the specified index: other',
      ],
      [
        {
          KeyConditionExpression: '#g = :a',
          ExpressionAttributeNames: { '#g': 'group' },
          ExpressionAttributeValues: a,
          IndexName: 'byGroup',
          ConsistentRead: true,
        },
        'Consistent reads are not supported on global secondary indexes',
      ],
      [
        {
          KeyConditionExpression: '#g = :a',
          ExpressionAttributeNames: { '#g': 'group' },
          ExpressionAttributeValues: a,
          IndexName: 'byGroup',
          ProjectionExpression: 'more',
        },
        invalid('Global secondary index byGroup does not project [more]'),
      ],
      [
        {
          KeyConditionExpression: 'id = :a',
          ExpressionAttributeValues: a,
          ExclusiveStartKey: { id: { S: 'b' }, seq: { N: '1' } },
        },
        'The provided starting key is outside query boundaries based on provided conditions',
      ],
      [
        { KeyConditionExpression: 'id = :a', ExpressionAttributeValues: a, ExclusiveStartKey: { id: { S: 'a' } } },
        'The provided starting key is invalid: The provided key element does not match the schema',
      ],
      [
        { KeyConditionExpression: 'id = :a', ExpressionAttributeValues: a, Limit: 0 },
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: " +
          'Member must have value greater than or equal to 1',
      ],
    ],
  ),
)

unverified(
  'Scan refuses segments that do not fit together',
  refuses(
    (input) => client.send(new ScanCommand({ TableName, ...input })),
    [
      [
        { Segment: 0 },
        'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
      ],
      [
        { TotalSegments: 2 },
        'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
      ],
      [
        { Segment: 2, TotalSegments: 2 },
        'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
          'Segment: 2 is not less than TotalSegments: 2',
      ],
      [{ FilterExpression: 'a = ' }, 'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "= "'],
    ],
  ),
)

unverified('values of no type, of two, and of a wrong one are told apart', async () => {
  const agent = new http.Agent()
  const put = async (item: string) => {
    const answer = await httpCall(dynamodb.target, agent, {
      headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem', 'content-type': 'application/x-amz-json-1.0' },
      body: `{"TableName":"${TableName}","Item":${item}}`,
    })
    return `${answer.status} ${answer.body.__type} ${answer.body.message ?? answer.body.Message}`
  }
  const datatypes = 'must contain exactly one of the supported datatypes'
  assert.match(
    await put('{"id":{}}'),
    new RegExp(`^400 .*#ValidationException Supplied AttributeValue is empty, ${datatypes}`),
  )
  assert.match(
    await put('{"id":{"S":"a","N":"1"}}'),
    new RegExp(`^400 .*#ValidationException Supplied AttributeValue has more than one datatypes set, ${datatypes}`),
  )
  assert.match(await put('{"id":{"S":1}}'), /^400 .*#SerializationException/)
  assert.match(await put('{"id":{"M":"x"}}'), /^400 .*#SerializationException/)
  agent.destroy()
})
