import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, list, optional, string, structure, type ValueOf } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import { type Item, soundItem } from '../attribute-value.ts'
import { capacityView, readCapacity, readUnits, summed } from '../consumed-capacity.ts'
import type { DynamoDbContext } from '../context.ts'
import { keyOf } from '../item-key.ts'
import { projected, readItemProjection } from '../item-reads.ts'
import { itemSizeBytes } from '../item-size.ts'
import * as members from '../members.ts'

const keysMax = 100

/** Bytes of items in one answer; the keys of the others come back unprocessed. */
const answerBytesMax = 16 * 1024 * 1024

const keysAndAttributes = structure({
  Keys: list(members.item, { min: 1 }),
  AttributesToGet: members.attributesToGet,
  ConsistentRead: optional(boolean()),
  ProjectionExpression: optional(string()),
  ExpressionAttributeNames: members.placeholderMembers.ExpressionAttributeNames,
})

export const batchGetItem = operation({
  name: 'BatchGetItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    RequestItems: members.tableMapOf(keysAndAttributes),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
  }),
  resource: () => undefined,
  needs: ({ RequestItems, ...asked }, context: DynamoDbContext) =>
    [...RequestItems].map(([TableName, { Keys, ...ofTable }]) =>
      needOnItems(context, 'BatchGetItem', { ...asked, ...ofTable, TableName, keys: Keys }),
    ),
  async handle(context: DynamoDbContext, input) {
    const keyCount = [...input.RequestItems.values()].reduce((sum, { Keys }) => sum + Keys.length, 0)
    if (keyCount > keysMax) throw validationError('Too many items requested for the BatchGetItem call')
    const room = { bytes: answerBytesMax }
    const reads = [...input.RequestItems].map(([name, asked]) => ({ name, asked, ...read(context, name, asked, room) }))
    return {
      Responses: new Map(reads.map(({ name, found }) => [name, found])),
      UnprocessedKeys: new Map(
        reads.flatMap(({ name, asked, left }) => (left.length === 0 ? [] : [[name, { ...asked, Keys: left }]])),
      ),
      ConsumedCapacity:
        input.ReturnConsumedCapacity === undefined || input.ReturnConsumedCapacity === 'NONE'
          ? undefined
          : reads.map(({ capacity }) => capacityView(input.ReturnConsumedCapacity, capacity)),
    }
  },
})

/** `room` is what all tables share. */
function read(
  { tables, items }: DynamoDbContext,
  name: string,
  asked: ValueOf<typeof keysAndAttributes>,
  room: { bytes: number },
) {
  const keys = asked.Keys.map((key) => soundItem(key))
  const paths = readItemProjection(asked)
  const table = tables.usable(name)
  const places = keys.map((key) => keyOf(table, key))
  if (new Set(places.map((place) => JSON.stringify([place.partition, place.sort]))).size < places.length)
    throw validationError('Provided list of item keys contains duplicates')
  const found: Item[] = []
  const capacities = []
  for (const place of places) {
    if (room.bytes <= 0) break
    const item = items.get(table, place)
    const sizeBytes = item ? itemSizeBytes(item) : 0
    room.bytes -= sizeBytes
    if (item) found.push(projected(item, paths))
    capacities.push(readCapacity(table, readUnits(sizeBytes, asked.ConsistentRead ?? false)))
  }
  return { found, left: keys.slice(capacities.length), capacity: summed(table, capacities) }
}
