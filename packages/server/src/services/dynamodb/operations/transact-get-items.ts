import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { list, optional, string, structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import { soundItem } from '../attribute-value.ts'
import { capacityView, readCapacity, readUnits, summed } from '../consumed-capacity.ts'
import type { DynamoDbContext } from '../context.ts'
import { keyOf } from '../item-key.ts'
import { projected, readItemProjection } from '../item-reads.ts'
import { itemSizeBytes } from '../item-size.ts'
import * as members from '../members.ts'
import { checkDistinctItems, transactionBytesMax, transactionItemsMax } from '../transaction.ts'

const get = structure({
  TableName: members.tableName,
  Key: members.item,
  ProjectionExpression: optional(string()),
  ExpressionAttributeNames: members.placeholderMembers.ExpressionAttributeNames,
})

export const transactGetItems = operation({
  name: 'TransactGetItems',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TransactItems: list(structure({ Get: get }), { min: 1, max: transactionItemsMax }),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
  }),
  resource: () => undefined,
  needs: (input, context: DynamoDbContext) =>
    input.TransactItems.map(({ Get }) => needOnItems(context, 'GetItem', Get, 'TransactGetItems')),
  async handle({ tables, items }: DynamoDbContext, input) {
    const wanted = input.TransactItems.map(({ Get }) => {
      const key = soundItem(Get.Key)
      const paths = readItemProjection(Get)
      const table = tables.usable(Get.TableName)
      return { table, key: keyOf(table, key), paths }
    })
    checkDistinctItems(wanted)
    // Nothing waits in between: all are read at one moment.
    const found = wanted.map(({ table, key }) => items.get(table, key))
    const sizes = found.map((item) => (item ? itemSizeBytes(item) : 0))
    if (sizes.reduce((sum, size) => sum + size, 0) > transactionBytesMax)
      throw validationError('Collection size of the items in the transaction has exceeded the limit of 4 MB')
    const asked = input.ReturnConsumedCapacity
    const capacities = wanted.map(({ table }, i) => readCapacity(table, readUnits(sizes[i]!, true, 2)))
    const byTable = Map.groupBy(capacities, ({ table }) => table.name)
    return {
      Responses: found.map((item, i) => (item ? { Item: projected(item, wanted[i]!.paths) } : {})),
      ConsumedCapacity:
        asked === undefined || asked === 'NONE'
          ? undefined
          : [...byTable.values()].map((each) => capacityView(asked, summed(each[0]!.table, each))),
    }
  },
})
