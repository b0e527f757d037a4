import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, enumeration, integer, optional, string, structure } from '../../../core/shapes.ts'
import { needOnScan, sourceResource } from '../access.ts'
import { parseCondition } from '../condition-parser.ts'
import type { DynamoDbContext } from '../context.ts'
import { readProjection } from '../item-reads.ts'
import { checkNoOperator, filterCondition } from '../legacy-condition.ts'
import * as members from '../members.ts'
import { readPage } from '../page-reader.ts'
import { checkMix } from '../parameter-mix.ts'
import { Placeholders } from '../placeholders.ts'
import { readAnswer } from '../read-answer.ts'
import { checkProjected, openSource, placeOfStart } from '../read-source.ts'
import { checkSelect } from '../select.ts'
import { segmentProbe } from '../table-items.ts'

export const scan = operation({
  name: 'Scan',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    IndexName: optional(members.indexName),
    AttributesToGet: members.attributesToGet,
    Limit: optional(integer({ min: 1 })),
    Select: optional(enumeration('SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES')),
    ScanFilter: optional(members.legacyConditions),
    ConditionalOperator: members.conditionalOperator,
    ExclusiveStartKey: optional(members.item),
    ReturnConsumedCapacity: members.returnConsumedCapacity,
    TotalSegments: optional(integer({ min: 1, max: 1_000_000 })),
    Segment: optional(integer({ min: 0, max: 999_999 })),
    ProjectionExpression: optional(string()),
    FilterExpression: optional(string()),
    ...members.placeholderMembers,
    ConsistentRead: optional(boolean()),
  }),
  resource: sourceResource,
  needs: (input, context: DynamoDbContext) => [needOnScan(context, input)],
  async handle({ clock, tables, items }: DynamoDbContext, input) {
    const { AttributesToGet, ScanFilter, ConditionalOperator, ProjectionExpression, FilterExpression } = input
    checkMix({ AttributesToGet, ScanFilter, ConditionalOperator }, { ProjectionExpression, FilterExpression }, input)
    const probe = segmentProbe(...segmentOf(input))
    const placeholders = new Placeholders(input)
    const paths = readProjection(input, placeholders)
    const filter = readFilter(input, placeholders)
    placeholders.checkUsed()
    checkSelect(input.Select, paths, AttributesToGet !== undefined)
    const source = openSource(items, tables.usable(input.TableName), input, clock.nowMs())
    checkProjected(source, paths?.map(([name]) => name) ?? [])
    const after = input.ExclusiveStartKey && placeOfStart(source, input.ExclusiveStartKey)
    if (after && probe(after) !== 0)
      throw validationError('The provided starting key is outside query boundaries based on provided conditions')
    const page = readPage({ ...source, probe, isForward: true, after, countMax: input.Limit, filter })
    return readAnswer(source, page, paths, input)
  },
})

type ScanInput = Parameters<typeof scan.handle>[1]

/** @throws ValidationException */
function segmentOf({ Segment: segment, TotalSegments: total }: ScanInput): [segment: number, total: number] {
  if (segment === undefined && total === undefined) return [0, 1]
  if (total === undefined)
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    )
  if (segment === undefined)
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    )
  if (segment >= total)
    throw validationError(
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
        `Segment: ${segment} is not less than TotalSegments: ${total}`,
    )
  return [segment, total]
}

function readFilter({ ScanFilter, ConditionalOperator, FilterExpression }: ScanInput, placeholders: Placeholders) {
  if (ScanFilter) return filterCondition(ScanFilter, ConditionalOperator)
  checkNoOperator(ConditionalOperator)
  return FilterExpression === undefined ? undefined : parseCondition('FilterExpression', FilterExpression, placeholders)
}
