import type { Clock } from '@millrace/ports'
import type { Place } from '../../core/arn.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { TableStore } from './table-store.ts'

/** What the table store needs of the world. */
export type GlueParts = {
  readonly place: Place
  readonly clock: Clock
  readonly catalog: Catalog
  /** A folder with schema files, see schema-files.ts. */
  readonly schemas: string | undefined
}

/** What an operation works with. */
export type GlueContext = GlueParts & { readonly tables: TableStore }
