import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, enumeration, integer, optional, string, structure } from '../../../core/shapes.ts'
import { needOnQuery, sourceResource } from '../access.ts'
import { attributesIn, type Condition } from '../condition.ts'
import { parseCondition } from '../condition-parser.ts'
import type { DynamoDbContext } from '../context.ts'
import { readProjection } from '../item-reads.ts'
import { type KeyConditions, keyProbe, legacyKeyConditions, parseKeyCondition } from '../key-condition.ts'
import { checkNoOperator, filterCondition } from '../legacy-condition.ts'
import * as members from '../members.ts'
import { readPage } from '../page-reader.ts'
import { checkMix } from '../parameter-mix.ts'
import { Placeholders } from '../placeholders.ts'
import { readAnswer } from '../read-answer.ts'
import { checkProjected, openSource, placeOfStart, type ReadSource } from '../read-source.ts'
import { checkSelect } from '../select.ts'
import { keyNames } from '../table.ts'

export const query = operation({
  name: 'Query',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    IndexName: optional(members.indexName),
    Select: optional(enumeration('SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES')),
    AttributesToGet: members.attributesToGet,
    Limit: optional(integer({ min: 1 })),
    ConsistentRead: optional(boolean()),
    KeyConditions: optional(members.legacyConditions),
    QueryFilter: optional(members.legacyConditions),
    ConditionalOperator: members.conditionalOperator,
    ScanIndexForward: optional(boolean()),
    ExclusiveStartKey: optional(members.item),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
    ProjectionExpression: optional(string()),
    FilterExpression: optional(string()),
    KeyConditionExpression: optional(string()),
    ...members.placeholderMembers,
  }),
  resource: sourceResource,
  needs: (input, context: DynamoDbContext) => [needOnQuery(context, input)],
  async handle({ clock, tables, items }: DynamoDbContext, input) {
    const { AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions } = input
    const { ProjectionExpression, FilterExpression, KeyConditionExpression } = input
    checkMix(
      { AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions },
      { ProjectionExpression, FilterExpression, KeyConditionExpression },
      input,
    )
    const placeholders = new Placeholders(input)
    const paths = readProjection(input, placeholders)
    const filter = readFilter(input, placeholders)
    const conditions = readKeyConditions(input, placeholders)
    placeholders.checkUsed()
    checkSelect(input.Select, paths, AttributesToGet !== undefined)
    const source = openSource(items, tables.usable(input.TableName), input, clock.nowMs())
    checkFilter(source, filter, QueryFilter ? 'QueryFilter' : 'Filter Expression')
    const { probe, partition } = keyProbe(source, conditions)
    checkProjected(source, paths?.map(([name]) => name) ?? [])
    const after = input.ExclusiveStartKey && placeOfStart(source, input.ExclusiveStartKey)
    if (after && partition(after) !== 0)
      throw validationError('The provided starting key is outside query boundaries based on provided conditions')
    if (after && probe(after) !== 0)
      throw validationError('The provided starting key does not match the range key predicate')
    const isForward = input.ScanIndexForward ?? true
    const page = readPage({ ...source, probe, isForward, after, countMax: input.Limit, filter })
    return readAnswer(source, page, paths, input)
  },
})

type QueryInput = Parameters<typeof query.handle>[1]

function readKeyConditions(
  { KeyConditions, KeyConditionExpression }: QueryInput,
  placeholders: Placeholders,
): KeyConditions {
  if (KeyConditionExpression !== undefined) return parseKeyCondition(KeyConditionExpression, placeholders)
  if (KeyConditions) return legacyKeyConditions(KeyConditions)
  throw validationError(
    'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
  )
}

function readFilter({ QueryFilter, ConditionalOperator, FilterExpression }: QueryInput, placeholders: Placeholders) {
  if (QueryFilter) return filterCondition(QueryFilter, ConditionalOperator)
  checkNoOperator(ConditionalOperator)
  return FilterExpression === undefined ? undefined : parseCondition('FilterExpression', FilterExpression, placeholders)
}

/** What selects the items is no filter. @throws ValidationException */
function checkFilter({ key }: ReadSource, filter: Condition | undefined, what: string): void {
  const found = filter && attributesIn(filter).find((name) => keyNames(key).includes(name))
  if (found !== undefined)
    throw validationError(`${what} can only contain non-primary key attributes: Primary key attribute: ${found}`)
}
