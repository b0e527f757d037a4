import { operation } from '../../../core/operation.ts'
import { boolean, optional, string, structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import { soundItem } from '../attribute-value.ts'
import { capacityView, readCapacity, readUnits } from '../consumed-capacity.ts'
import type { DynamoDbContext } from '../context.ts'
import { keyOf } from '../item-key.ts'
import { projected, readItemProjection } from '../item-reads.ts'
import { itemSizeBytes } from '../item-size.ts'
import * as members from '../members.ts'

export const getItem = operation({
  name: 'GetItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    Key: members.item,
    AttributesToGet: members.attributesToGet,
    ConsistentRead: optional(boolean()),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
    ProjectionExpression: optional(string()),
    ExpressionAttributeNames: members.placeholderMembers.ExpressionAttributeNames,
  }),
  resource: members.tableResource,
  needs: (input, context: DynamoDbContext) => [needOnItems(context, 'GetItem', input)],
  async handle({ tables, items }: DynamoDbContext, input) {
    const key = soundItem(input.Key)
    const paths = readItemProjection(input)
    const table = tables.usable(input.TableName)
    const item = items.get(table, keyOf(table, key))
    const units = readUnits(item ? itemSizeBytes(item) : 0, input.ConsistentRead ?? false)
    return {
      Item: item && projected(item, paths),
      ConsumedCapacity: capacityView(input.ReturnConsumedCapacity, readCapacity(table, units)),
    }
  },
})
