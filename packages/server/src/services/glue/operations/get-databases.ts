import { operation } from '../../../core/operation.ts'
import { enumeration, list, optional, string, structure } from '../../../core/shapes.ts'
import { onDatabase } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, pageSize } from '../members.ts'
import { pageOf } from '../pages.ts'
import { databaseView } from '../table.ts'

export const getDatabases = operation({
  name: 'GetDatabases',
  input: structure({
    CatalogId: catalogId,
    NextToken: optional(string()),
    MaxResults: pageSize,
    ResourceShareType: optional(enumeration('FOREIGN', 'ALL', 'FEDERATED')),
    AttributesToGet: optional(list(enumeration('NAME', 'TARGET_DATABASE'))),
  }),
  resource: () => 'catalog',
  needs: (_, context: GlueContext) => onDatabase(context, 'GetDatabases', '*'),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    const isOwn = input.ResourceShareType === undefined || input.ResourceShareType === 'ALL'
    const { items, next } = pageOf(isOwn ? await context.tables.databases() : [], input.NextToken, input.MaxResults)
    return { DatabaseList: items.map((database) => databaseView(database, context.place)), NextToken: next }
  },
})
