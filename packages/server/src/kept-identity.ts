import type { IdentityDocument } from './identity/identity-document.ts'
import type { IdentityPlace } from './identity/identity-place.ts'
import type { IdentityParts, IdentityStore } from './identity/identity-store.ts'
import { standardKeyring } from './keys/keys-door.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { ConfigError } from './option-values.ts'

/** Who may come, where an operator said it; a server that anybody may use does without the code that reads it. */
export async function openIdentity(options: MillraceOptions, parts: IdentityParts): Promise<IdentityStore | undefined> {
  if (options.identity === undefined) return undefined
  const { IdentityStore } = await import('./identity/identity-store.ts')
  return IdentityStore.open(await keptIdentity(options.identity, options, parts), parts)
}

/** A file, the catalog of the data folder, or the document as it was given. @throws ConfigError */
async function keptIdentity(
  identity: string | IdentityDocument,
  { data, keyring }: MillraceOptions,
  parts: IdentityParts,
): Promise<IdentityPlace | IdentityDocument> {
  if (typeof identity !== 'string') return identity
  if (identity !== 'catalog') {
    const { IdentityFile } = await import('./identity/identity-file.ts')
    return new IdentityFile(identity, parts.random)
  }
  if (data === undefined)
    throw new ConfigError('--identity catalog needs a data folder, whose catalog has the users: start without --memory')
  const { catalogUsers } = await import('./catalog-users.ts')
  return catalogUsers({ ...parts, data, keyringFile: keyring ?? standardKeyring(data) })
}
