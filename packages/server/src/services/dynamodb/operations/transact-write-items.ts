import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, string, structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import type { Item } from '../attribute-value.ts'
import { type Capacity, type CapacityAsked, capacityView, summed, writeCapacity } from '../consumed-capacity.ts'
import type { DynamoDbContext } from '../context.ts'
import { itemSizeBytes } from '../item-size.ts'
import * as members from '../members.ts'
import { type TransactedWrite, transactedWrite, transactedWrites } from '../transacted-write.ts'
import * as transaction from '../transaction.ts'

export const transactWriteItems = operation({
  name: 'TransactWriteItems',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TransactItems: transactedWrites,
    ReturnConsumedCapacity: members.returnConsumedCapacity,
    ReturnItemCollectionMetrics: members.returnItemCollectionMetrics,
    ClientRequestToken: optional(string({ min: 1, max: 36 })),
  }),
  resource: () => undefined,
  needs: (input, context: DynamoDbContext) =>
    input.TransactItems.flatMap(({ ConditionCheck, Delete, Put, Update }) => {
      const asked = { ConditionCheckItem: ConditionCheck, DeleteItem: Delete, PutItem: Put, UpdateItem: Update }
      return Object.entries(asked).flatMap(([action, item]) =>
        item ? needOnItems(context, action, item, 'TransactWriteItems') : [],
      )
    }),
  async handle(context: DynamoDbContext, input) {
    const { items, tokens } = context
    const writes = input.TransactItems.map((each) => transactedWrite(context, each))
    transaction.checkDistinctItems(writes)
    const changed = await items.transact(
      writes,
      (before) => decideAll(writes, before),
      () => {
        if (input.ClientRequestToken === undefined) return []
        const change = tokens.changeFor(input.ClientRequestToken, input.TransactItems.map(plainPlaceholders))
        return change && [change]
      },
    )
    if (changed === 'conflict')
      throw transaction.transactionCancelled(
        writes.map(() => ({ Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' })),
      )
    const capacities = writes.map(({ table }, i) =>
      writeCapacity(table, changed === 'done before' ? nothing : changed[i]!, 2),
    )
    return { ConsumedCapacity: capacityByTable(input.ReturnConsumedCapacity, capacities) }
  },
})

const nothing = { before: undefined, after: undefined }

/** What shall be there of all items. @throws TransactionCanceledException with a reason for each */
function decideAll(writes: readonly TransactedWrite[], before: readonly (Item | undefined)[]): (Item | undefined)[] {
  const after: (Item | undefined)[] = []
  const reasons = writes.map(({ decide }, i) => {
    try {
      after.push(decide(before[i]))
      return transaction.noReason
    } catch (error) {
      return transaction.reasonOf(error)
    }
  })
  if (reasons.some((reason) => reason !== transaction.noReason)) throw transaction.transactionCancelled(reasons)
  if (after.reduce((sum, item) => sum + (item ? itemSizeBytes(item) : 0), 0) > transaction.transactionBytesMax)
    throw validationError('Collection size of the items in the transaction has exceeded the limit of 4 MB')
  return after
}

/** One entry for each table. */
function capacityByTable(asked: CapacityAsked, capacities: readonly Capacity[]) {
  if (asked === undefined || asked === 'NONE') return undefined
  const byTable = Map.groupBy(capacities, ({ table }) => table.name)
  return [...byTable.values()].map((each) => capacityView(asked, summed(each[0]!.table, each)))
}

/** A transaction as JSON can tell it from another: placeholders are Maps. */
const plainPlaceholders = (write: Readonly<Record<string, object | undefined>>) =>
  Object.entries(write).map(([kind, given]) => [
    kind,
    given && Object.entries(given).map(([name, value]) => [name, value instanceof Map ? [...value] : value]),
  ])
