import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableOfArn } from '../table-reference.ts'
import { tagList, withTags } from '../tags.ts'

export const tagResource = operation({
  name: 'TagResource',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ ResourceArn: string({ min: 1, max: 1283 }), Tags: tagList }),
  resource: ({ ResourceArn }) => ResourceArn,
  async handle(context: DynamoDbContext, input) {
    const { name } = tableOfArn(context, input.ResourceArn)
    await context.tables.update(name, (table) => ({ ...table, tags: withTags(table.tags, input.Tags) }))
  },
})
