import type { Operation, Service } from '../../core/operation.ts'
import type { TableSchemas } from '../../core/ports/tables.ts'
import type { GlueContext, GlueParts } from './context.ts'
import { face } from './door.ts'
import * as operations from './operations/index.ts'
import { SchemaFiles } from './schema-files.ts'
import { schemasOf } from './table-schemas.ts'
import { TableStore } from './table-store.ts'

export type GlueService = Service<GlueContext> & {
  /** For those who need to know what columns a table has. */
  readonly schemas: TableSchemas
  stop(): Promise<void>
}

/** The part of AWS Glue's Data Catalog that delivery needs: databases and tables. */
export function openGlue(parts: GlueParts): GlueService {
  const files = parts.schemas === undefined ? undefined : new SchemaFiles(parts.schemas)
  const tables = new TableStore(parts.catalog, parts.clock, files)
  const context = { ...parts, tables }
  return {
    ...face,
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context,
    schemas: schemasOf(context),
    async stop() {},
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<GlueContext, any>
