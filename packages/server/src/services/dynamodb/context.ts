import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../../core/arn.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { ItemStore } from './item-store.ts'
import type { TableStore } from './table-store.ts'
import type { TransactionTokens } from './transaction-tokens.ts'

/** Memory that all items may take together; see docs/dynamodb.md. */
export const tableBytesMaxDefault = 256 * 1024 * 1024

/** What DynamoDB needs of the world. */
export type DynamoDbParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Holds the tables. */
  readonly catalog: Catalog
  /** Holds their items. */
  readonly items: Catalog
  /** How long CREATING, UPDATING and DELETING of tables and indexes last, in milliseconds. */
  readonly transitionMs: number
  /** Where clients reach this server, once it listens. */
  readonly endpointUrl: () => string | undefined
  /** Above it, writes that need more are refused. @default 256 MiB */
  readonly tableBytesMax?: number | undefined
}

/** What an operation of DynamoDB works with. */
export type DynamoDbContext = Omit<DynamoDbParts, 'items' | 'catalog'> & {
  readonly tables: TableStore
  readonly items: ItemStore
  readonly tokens: TransactionTokens
}
