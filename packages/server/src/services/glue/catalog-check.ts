import type { GlueContext } from './context.ts'
import { catalogNotFound } from './faults.ts'

/** There is one catalog: the account's. @throws EntityNotFoundException for another */
export function checkCatalog({ place }: GlueContext, { CatalogId }: { readonly CatalogId?: string | undefined }): void {
  if (CatalogId !== undefined && CatalogId !== place.accountId) throw catalogNotFound(CatalogId)
}
