import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, list, optional, string, structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { DynamoDbContext } from '../context.ts'
import { invalidValue, unsupported } from '../faults.ts'
import { tableName, tableResource } from '../members.ts'
import type { Table } from '../table.ts'
import * as definition from '../table-definition.ts'
import { tableView } from '../table-view.ts'
import { tagList, withTags } from '../tags.ts'

export const createTable = operation({
  name: 'CreateTable',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    AttributeDefinitions: definition.attributeDefinitions,
    TableName: tableName,
    KeySchema: definition.keySchema,
    LocalSecondaryIndexes: optional(list(definition.localIndex)),
    GlobalSecondaryIndexes: optional(list(definition.globalIndex)),
    BillingMode: optional(definition.billingMode),
    ProvisionedThroughput: optional(definition.throughput),
    StreamSpecification: optional(definition.streamSpecification),
    SSESpecification: optional(definition.encryption),
    Tags: optional(tagList),
    TableClass: optional(definition.tableClass),
    DeletionProtectionEnabled: optional(boolean()),
    ResourcePolicy: optional(string()),
  }),
  resource: tableResource,
  needs(input, context: DynamoDbContext) {
    const keys = requestTagKeys((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]))
    const create = needOn(context, 'CreateTable', tableResource(input), keys)
    return keys.size === 0 ? [create] : [create, needOn(context, 'TagResource', tableResource(input), keys)]
  },
  async handle(context: DynamoDbContext, input) {
    const { clock, random, tables, transitionMs } = context
    const nowMs = clock.nowMs()
    const activeAtMs = nowMs + transitionMs
    const billingMode = input.BillingMode ?? 'PROVISIONED'
    const throughput = definition.throughputFrom(billingMode, input.ProvisionedThroughput)
    const attributes = definition.attributesFrom(input.AttributeDefinitions)
    const key = definition.keyFrom(input.KeySchema, attributes)
    const place = { attributes, key, billingMode }
    const indexes = [
      ...(input.LocalSecondaryIndexes ?? []).map((index) =>
        definition.indexFrom(place, { ...index, ProvisionedThroughput: undefined }, false, activeAtMs),
      ),
      ...(input.GlobalSecondaryIndexes ?? []).map((index) => definition.indexFrom(place, index, true, activeAtMs)),
    ]
    for (const kind of ['LocalSecondaryIndexes', 'GlobalSecondaryIndexes'] as const)
      if (input[kind]?.length === 0) throw invalidValue(`List of ${kind} is empty`)
    definition.checkIndexes(indexes)
    definition.checkAllUsed(attributes, [key, ...indexes.map((index) => index.key)])
    if (input.StreamSpecification?.StreamEnabled) throw unsupported('StreamSpecification')
    if (input.SSESpecification?.Enabled) throw unsupported('SSESpecification')
    if (input.ResourcePolicy !== undefined) throw unsupported('ResourcePolicy')
    const table: Table = {
      id: random.uuid(),
      name: input.TableName,
      createdAtMs: nowMs,
      attributes,
      key,
      indexes,
      billingMode,
      billingChangedAtMs: billingMode === 'PAY_PER_REQUEST' ? nowMs : undefined,
      throughput,
      tableClass: input.TableClass,
      isDeletionProtected: input.DeletionProtectionEnabled ?? false,
      tags: withTags([], input.Tags ?? []),
      activeAtMs,
    }
    await tables.create(table)
    return { TableDescription: tableView(context, table, nowMs) }
  },
})
