import type { Operation, Service } from '../../core/operation.ts'
import type { DynamoDbContext, DynamoDbParts } from './context.ts'
import { tableBytesMaxDefault } from './context.ts'
import { face } from './door.ts'
import { ItemStore } from './item-store.ts'
import * as operations from './operations/index.ts'
import { DynamoDbGuard } from './resource-guard.ts'
import { Sweeper } from './sweeper.ts'
import { TableStore } from './table-store.ts'
import { TransactionTokens } from './transaction-tokens.ts'

export type DynamoDbService = Service<DynamoDbContext> & {
  /** Ends background work. What is pending goes on at the next start. */
  stop(): Promise<void>
}

/** DynamoDB's tables on a storage: loads what the catalogs know, and takes up what was pending. */
export function openDynamoDb({ catalog, items: itemCatalog, ...parts }: DynamoDbParts): DynamoDbService {
  const tables = new TableStore(catalog, parts.clock)
  const items = new ItemStore(itemCatalog, tables, parts.tableBytesMax ?? tableBytesMaxDefault)
  const tokens = new TransactionTokens(itemCatalog, parts.clock)
  const sweeper = new Sweeper({ ...parts, tables, items, tokens })
  sweeper.start()
  const context: DynamoDbContext = { ...parts, tables, items, tokens }
  return {
    ...face,
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context,
    guard: new DynamoDbGuard(context),
    async stop() {
      await sweeper.stop()
      items.stop()
      tokens.stop()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<DynamoDbContext, any>
