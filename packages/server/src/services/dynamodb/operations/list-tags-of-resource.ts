import { operation } from '../../../core/operation.ts'
import { optional, string, structure } from '../../../core/shapes.ts'
import { resourceNamed } from '../access.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableOfArn } from '../table-reference.ts'
import { tagViews } from '../tags.ts'

export const listTagsOfResource = operation({
  name: 'ListTagsOfResource',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  // A table has 50 tags at most: all of them are one page, and there is never a NextToken.
  input: structure({ ResourceArn: string({ min: 1, max: 1283 }), NextToken: optional(string()) }),
  resource: resourceNamed,
  async handle(context: DynamoDbContext, input) {
    return { Tags: tagViews(tableOfArn(context, input.ResourceArn).tags) }
  },
})
