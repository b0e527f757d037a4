import { arn } from '../../core/arn.ts'
import type { DynamoDbContext } from './context.ts'
import {
  indexesOf,
  indexStatusOf,
  type KeySchema,
  type SecondaryIndex,
  statusOf,
  type Table,
  type Throughput,
} from './table.ts'

export const tableArnOf = ({ place }: Pick<DynamoDbContext, 'place'>, { name }: Pick<Table, 'name'>): string =>
  arn(place, 'dynamodb', `table/${name}`)

/**
 * `TableDescription`, as DescribeTable and all that change a table answer it. Those give the time of the change: however
 * long it took to write, what they answer is CREATING or UPDATING.
 */
export function tableView(context: DynamoDbContext, table: Table, nowMs = context.clock.nowMs()) {
  const status = statusOf(table, nowMs)
  const isGone = status === 'DELETING'
  const indexes = indexesOf(table, nowMs)
  const views = (isGlobal: boolean) => {
    const chosen = indexes.filter((index) => index.isGlobal === isGlobal)
    return chosen.length === 0 ? undefined : chosen.map((index) => indexView(context, table, index, nowMs))
  }
  const extent = context.items.extentOf(table)
  return {
    ...(!isGone && {
      AttributeDefinitions: table.attributes.map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      KeySchema: keySchemaView(table.key),
      CreationDateTime: new Date(table.createdAtMs),
    }),
    TableName: table.name,
    TableStatus: status,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...throughputView(table.throughput) },
    TableSizeBytes: extent?.itemBytes ?? 0,
    ItemCount: extent?.count ?? 0,
    TableArn: tableArnOf(context, table),
    TableId: table.id,
    BillingModeSummary: billingView(table),
    TableClassSummary: table.tableClass && { TableClass: table.tableClass },
    GlobalSecondaryIndexes: isGone ? undefined : views(true),
    LocalSecondaryIndexes: isGone ? undefined : views(false),
    DeletionProtectionEnabled: table.isDeletionProtected,
  }
}

const keySchemaView = ({ partition, sort }: KeySchema) => [
  { AttributeName: partition, KeyType: 'HASH' },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' }]),
]

const throughputView = ({ readUnits, writeUnits }: Throughput) => ({
  ReadCapacityUnits: readUnits,
  WriteCapacityUnits: writeUnits,
})

/** AWS leaves it out for tables that were never on demand. */
function billingView({ billingMode, billingChangedAtMs }: Table) {
  if (billingChangedAtMs === undefined) return undefined
  return { BillingMode: billingMode, LastUpdateToPayPerRequestDateTime: new Date(billingChangedAtMs) }
}

function indexView(context: DynamoDbContext, table: Table, index: SecondaryIndex, nowMs: number) {
  const status = indexStatusOf(index, nowMs)
  const extent = context.items.extentOf(table)?.indexExtent(index.name)
  const view = {
    IndexName: index.name,
    KeySchema: keySchemaView(index.key),
    Projection: {
      ProjectionType: index.projection.type,
      NonKeyAttributes: index.projection.nonKeyAttributes,
    },
    IndexSizeBytes: extent?.sizeBytes ?? 0,
    ItemCount: extent?.count ?? 0,
    IndexArn: `${tableArnOf(context, table)}/index/${index.name}`,
  }
  if (!index.isGlobal) return view
  return {
    ...view,
    IndexStatus: status,
    Backfilling: status === 'CREATING' ? true : undefined,
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ...throughputView(index.throughput ?? { readUnits: 0, writeUnits: 0 }),
    },
  }
}
