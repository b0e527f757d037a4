import { tagNameKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { list, string, structure } from '../../../core/shapes.ts'
import { needOn, resourceNamed } from '../access.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableOfArn } from '../table-reference.ts'

export const untagResource = operation({
  name: 'UntagResource',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ ResourceArn: string({ min: 1, max: 1283 }), TagKeys: list(string({ min: 1, max: 128 })) }),
  resource: resourceNamed,
  needs: (input, context: DynamoDbContext) => [
    needOn(context, 'UntagResource', resourceNamed(input, context), tagNameKeys(input.TagKeys)),
  ],
  async handle(context: DynamoDbContext, input) {
    const { name } = tableOfArn(context, input.ResourceArn)
    await context.tables.update(name, (table) => ({
      ...table,
      tags: table.tags.filter(([key]) => !input.TagKeys.includes(key)),
    }))
  },
})
