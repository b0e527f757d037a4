import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { list, optional, structure, type ValueOf } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import type { Item } from '../attribute-value.ts'
import { capacityView, summed, writeCapacity } from '../consumed-capacity.ts'
import type { DynamoDbContext } from '../context.ts'
import type { ItemKey } from '../item-key.ts'
import { placeOfKey, placeOfPut, soundPut } from '../item-writes.ts'
import * as members from '../members.ts'
import type { Table } from '../table.ts'

const writesMax = 25

const writeRequest = structure({
  PutRequest: optional(structure({ Item: members.item })),
  DeleteRequest: optional(structure({ Key: members.item })),
})

type Write = { readonly table: Table; readonly place: ItemKey; readonly item: Item | undefined }

export const batchWriteItem = operation({
  name: 'BatchWriteItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    RequestItems: members.tableMapOf(list(writeRequest, { min: 1, max: writesMax })),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
    ReturnItemCollectionMetrics: members.returnItemCollectionMetrics,
  }),
  resource: () => undefined,
  needs: ({ RequestItems, ...asked }, context: DynamoDbContext) =>
    [...RequestItems].map(([TableName, requests]) => {
      const keys = requests
        .map(({ DeleteRequest, PutRequest }) => DeleteRequest?.Key ?? PutRequest?.Item)
        .filter((key) => key !== undefined)
      return needOnItems(context, 'BatchWriteItem', { ...asked, TableName, keys })
    }),
  async handle({ tables, items }: DynamoDbContext, input) {
    const count = [...input.RequestItems.values()].reduce((sum, requests) => sum + requests.length, 0)
    if (count > writesMax) throw validationError('Too many items requested for the BatchWriteItem call')
    const requested = [...input.RequestItems].map(([name, requests]) => ({ name, changes: requests.map(soundWrite) }))
    const writes = requested.map(({ name, changes }) => {
      const table = tables.usable(name)
      return changes.map((change): Write => ({ table, ...placed(table, change) }))
    })
    for (const ofTable of writes) checkDistinct(ofTable)
    const capacities = await Promise.all(
      writes.map(async (ofTable) => {
        const changes = await Promise.all(
          ofTable.map(async ({ table, place, item }) =>
            writeCapacity(table, await items.change(table, place, () => item)),
          ),
        )
        return summed(ofTable[0]!.table, changes)
      }),
    )
    const asked = input.ReturnConsumedCapacity
    return {
      UnprocessedItems: {},
      ConsumedCapacity:
        asked === undefined || asked === 'NONE' ? undefined : capacities.map((each) => capacityView(asked, each)),
    }
  },
})

type Change = { readonly item: Item } | { readonly key: Item }

/** @throws ValidationException */
function soundWrite({ PutRequest: put, DeleteRequest: remove }: ValueOf<typeof writeRequest>): Change {
  if (put && remove)
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  if (put) return { item: soundPut(put.Item) }
  if (remove) return { key: remove.Key }
  throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
}

const placed = (table: Table, change: Change) =>
  'item' in change
    ? { place: placeOfPut(table, change.item), item: change.item }
    : { place: placeOfKey(table, change.key), item: undefined }

function checkDistinct(writes: readonly Write[]): void {
  const places = writes.map(({ place }) => JSON.stringify([place.partition, place.sort]))
  if (new Set(places).size < places.length) throw validationError('Provided list of item keys contains duplicates')
}
