import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import { resourceNamed } from '../access.ts'
import type { GlueContext } from '../context.ts'

/** None: tags of databases are not kept. Terraform asks for them whenever it looks at a database. */
export const getTags = operation({
  name: 'GetTags',
  input: structure({
    ResourceArn: string({ min: 1, max: 10_240, pattern: 'arn:aws(-(cn|us-gov|iso(-[bef])?))?:glue:.*' }),
  }),
  resource: resourceNamed,
  async handle(_: GlueContext) {
    return { Tags: {} }
  },
})
