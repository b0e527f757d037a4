import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, list, optional, structure, type ValueOf } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import {
  indexNotFoundForUpdate,
  indexNotReady,
  invalidValue,
  oneIndexAtATime,
  tableNotActive,
  unsupported,
} from '../faults.ts'
import { indexName, tableName, tableResource } from '../members.ts'
import { indexesOf, indexStatusOf, type SecondaryIndex, statusOf, type Table, withUsedAttributes } from '../table.ts'
import * as definition from '../table-definition.ts'
import { tableView } from '../table-view.ts'

const indexUpdate = structure({
  Update: optional(structure({ IndexName: indexName, ProvisionedThroughput: optional(definition.throughput) })),
  Create: optional(definition.globalIndex),
  Delete: optional(structure({ IndexName: indexName })),
})

export const updateTable = operation({
  name: 'UpdateTable',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    AttributeDefinitions: optional(definition.attributeDefinitions),
    TableName: tableName,
    BillingMode: optional(definition.billingMode),
    ProvisionedThroughput: optional(definition.throughput),
    GlobalSecondaryIndexUpdates: optional(list(indexUpdate)),
    StreamSpecification: optional(definition.streamSpecification),
    SSESpecification: optional(definition.encryption),
    TableClass: optional(definition.tableClass),
    DeletionProtectionEnabled: optional(boolean()),
  }),
  resource: tableResource,
  async handle(context: DynamoDbContext, input) {
    checkSomething(input)
    const { clock, tables, transitionMs } = context
    let nowMs = clock.nowMs()
    const table = await tables.update(input.TableName, (newest) => {
      nowMs = clock.nowMs()
      const status = statusOf(newest, nowMs)
      if (status !== 'ACTIVE') throw tableNotActive(newest.name, status)
      return { ...updatedTable(newest, input, nowMs, nowMs + transitionMs), updatedAtMs: nowMs + transitionMs }
    })
    return { TableDescription: tableView(context, table, nowMs) }
  },
})

type UpdateTableInput = Parameters<typeof updateTable.handle>[1]
type IndexUpdate = ValueOf<typeof indexUpdate>

/** @throws ValidationException for a call that asks for nothing, or for what is not done here; LimitExceededException */
function checkSomething(input: UpdateTableInput): void {
  if (input.StreamSpecification?.StreamEnabled) throw unsupported('StreamSpecification')
  if (input.SSESpecification?.Enabled) throw unsupported('SSESpecification')
  const { AttributeDefinitions: _, TableName: __, GlobalSecondaryIndexUpdates: updates, ...rest } = input
  if (!updates?.length && Object.values(rest).every((value) => value === undefined))
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, ' +
        'SSESpecification, ReplicaUpdates, DeletionProtectionEnabled or TableClass is required',
    )
  const names = (updates ?? []).map(nameIn)
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined)
    throw invalidValue(`Only one global secondary index update per index is allowed simultaneously. Index: ${repeated}`)
  if ((updates ?? []).filter(({ Create, Delete }) => Create || Delete).length > 1) throw oneIndexAtATime()
}

function nameIn({ Create, Update, Delete }: IndexUpdate): string {
  const name = (Create ?? Update ?? Delete)?.IndexName
  if (name !== undefined) return name
  throw invalidValue(
    'One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete ' +
      'must not be null',
  )
}

function updatedTable(table: Table, input: UpdateTableInput, nowMs: number, doneAtMs: number): Table {
  const billingMode = input.BillingMode ?? table.billingMode
  const isOther = billingMode !== table.billingMode
  const given = definition.attributesFrom(input.AttributeDefinitions ?? [])
  const base: Table = {
    ...table,
    attributes: merged(table.attributes, given),
    billingMode,
    billingChangedAtMs: isOther ? nowMs : table.billingChangedAtMs,
    throughput:
      input.ProvisionedThroughput || isOther
        ? definition.throughputFrom(billingMode, input.ProvisionedThroughput)
        : table.throughput,
    tableClass: input.TableClass ?? table.tableClass,
    isDeletionProtected: input.DeletionProtectionEnabled ?? table.isDeletionProtected,
  }
  const indexes = (input.GlobalSecondaryIndexUpdates ?? []).reduce(
    (before, update) => withUpdate(base, before, update, nowMs, doneAtMs),
    base.indexes,
  )
  definition.checkIndexes(indexesOf({ ...base, indexes }, nowMs))
  definition.checkAllUsed(given, [base.key, ...indexes.map(({ key }) => key)])
  return withUsedAttributes({ ...base, indexes })
}

type Indexes = readonly SecondaryIndex[]

function withUpdate(table: Table, indexes: Indexes, update: IndexUpdate, nowMs: number, doneAtMs: number): Indexes {
  const name = nameIn(update)
  const found = indexesOf({ ...table, indexes }, nowMs).find((index) => index.name === name && index.isGlobal)
  if (update.Create) {
    if (found) throw invalidValue(`Index already exists: ${name}`)
    const others = indexes.filter((index) => index.name !== name)
    return [...others, definition.indexFrom(table, update.Create, true, doneAtMs)]
  }
  if (!found) throw indexNotFoundForUpdate(name)
  if (indexStatusOf(found, nowMs) !== 'ACTIVE') throw indexNotReady(table.name, name)
  const changed: SecondaryIndex = update.Delete
    ? { ...found, goneAtMs: doneAtMs }
    : { ...found, throughput: definition.throughputFrom(table.billingMode, update.Update?.ProvisionedThroughput) }
  return indexes.map((index) => (index === found ? changed : index))
}

/** A call names the attributes of the new index; those of the others stay. */
function merged(attributes: Table['attributes'], given: Table['attributes']): Table['attributes'] {
  return [...new Map([...attributes, ...given])]
}
