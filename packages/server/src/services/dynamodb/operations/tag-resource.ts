import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import { needOn, resourceNamed } from '../access.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableOfArn } from '../table-reference.ts'
import { tagList, withTags } from '../tags.ts'

export const tagResource = operation({
  name: 'TagResource',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ ResourceArn: string({ min: 1, max: 1283 }), Tags: tagList }),
  resource: resourceNamed,
  needs: (input, context: DynamoDbContext) => [
    needOn(
      context,
      'TagResource',
      resourceNamed(input, context),
      requestTagKeys(input.Tags.map(({ Key, Value }) => [Key, Value])),
    ),
  ],
  async handle(context: DynamoDbContext, input) {
    const { name } = tableOfArn(context, input.ResourceArn)
    await context.tables.update(name, (table) => ({ ...table, tags: withTags(table.tags, input.Tags) }))
  },
})
