import type { SecretBox } from '../core/ports/keys.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { IdentityPlace, ReadIdentity } from './identity-place.ts'
import { IdentityError } from './identity-reader.ts'

/*
 * The identity document in a catalog:
 *
 *   identity   the document's JSON, sealed as a whole: who has no key neither reads a secret there, nor puts a user in
 */

const keyOfCatalog = 'identity'

export type OpenedCatalog = {
  readonly catalog: Catalog
  /** Seals by keys of that catalog. */
  readonly secrets: SecretBox
  close(): Promise<void>
}

export type CatalogIdentityParts = Pick<IdentityPlace, 'name' | 'path' | 'serverOptions' | 'commandOptions'> & {
  /** As it is now, to be read only; undefined if it was never made. @throws IdentityError */
  readonly look: () => Promise<OpenedCatalog | undefined>
  /** To be changed, by nobody else until it is closed; made if there is none. @throws IdentityError */
  readonly open: () => Promise<OpenedCatalog>
}

export class CatalogIdentity implements IdentityPlace {
  readonly #parts: CatalogIdentityParts

  constructor(parts: CatalogIdentityParts) {
    this.#parts = parts
  }

  get name() {
    return this.#parts.name
  }

  get path() {
    return this.#parts.path
  }

  get serverOptions() {
    return this.#parts.serverOptions
  }

  get commandOptions() {
    return this.#parts.commandOptions
  }

  async read(): Promise<ReadIdentity> {
    const opened = await this.#parts.look()
    if (!opened) throw this.#nobody()
    try {
      const found = opened.catalog.get(keyOfCatalog)
      if (!found) throw this.#nobody()
      const sealed = String(found.value)
      const text = await opened.secrets.open(keyOfCatalog, sealed)
      // What is not sealed comes back as it is; whoever wrote it had no key.
      if (text === sealed) throw new IdentityError(`${this.name} has users that are not sealed: they are refused`)
      return { content: JSON.parse(text), stamp: String(found.version) }
    } finally {
      await opened.close()
    }
  }

  async write(content: unknown, expected: string | undefined): Promise<void> {
    const { catalog, secrets, close } = await this.#parts.open()
    try {
      const sealed = await secrets.seal(keyOfCatalog, JSON.stringify(content))
      if ((await catalog.put(keyOfCatalog, sealed, Number(expected ?? 0))) === undefined)
        throw new IdentityError(
          expected === undefined
            ? `${this.name} has users already`
            : `${this.name} was changed by somebody else meanwhile: try again`,
        )
    } finally {
      await close()
    }
  }

  #nobody() {
    return new IdentityError(
      `nobody is in ${this.name} yet: millrace identity init${this.commandOptions} makes the first user`,
    )
  }
}
