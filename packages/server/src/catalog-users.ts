import { access } from 'node:fs/promises'
import { type Clock, type Random, silentLogger } from '@millrace/ports'
import type { Place } from './core/arn.ts'
import { KeyRefused } from './core/ports/keys.ts'
import { CatalogIdentity, type OpenedCatalog } from './identity/catalog-identity.ts'
import { IdentityError } from './identity/identity-reader.ts'
import { KeyringError } from './keys/keyring.ts'
import { standardKeyring } from './keys/keys-door.ts'
import { openKeys } from './keys/open-keys.ts'
import type { Catalog } from './storage/catalog.ts'
import { CatalogSnapshot } from './storage/embedded/catalog-snapshot.ts'
import { DataFolder, DataFolderError } from './storage/embedded/data-folder.ts'
import { EmbeddedCatalog } from './storage/embedded/embedded-catalog.ts'
import { nodeFileSystem } from './storage/embedded/file-system.ts'
import { StorageFailed } from './storage/log.ts'

/*
 * Users in a data folder's catalog. They have a file of their own in it, in the catalog's format:
 *
 *   DIR/catalog/identity.map    the identity document, sealed, and the data key that it is sealed by, wrapped by the keyring
 *   DIR/catalog/identity.lock   the process that changes it
 *
 * A server only reads it, and `millrace identity` only writes it. So both work at the same time without speaking to each
 * other: there is no way in that could be attacked, and who may write is who may write to the folder and read the keyring.
 */

export type CatalogUsersOptions = {
  /** The data folder. */
  readonly data: string
  readonly keyringFile: string
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
}

/** What names this place where otherwise a file is named. */
export const catalogWord = 'catalog'

const mapName = 'identity.map'
const lockPatienceMs = 5000
const lockPaceMs = 20

export function catalogUsers(options: CatalogUsersOptions): CatalogIdentity {
  const { data, keyringFile } = options
  const keyring = keyringFile === standardKeyring(data) ? '' : ` --keyring ${keyringFile}`
  return new CatalogIdentity({
    name: `the catalog of ${data}`,
    path: `${data}/catalog/${mapName}`,
    serverOptions: `--identity ${catalogWord} --data ${data}${keyring}`,
    commandOptions: ` --catalog --data ${data}${keyring}`,
    look: () => told(() => look(options)),
    open: () => told(() => openToChange(options)),
  })
}

async function look(options: CatalogUsersOptions): Promise<OpenedCatalog | undefined> {
  const catalog = await CatalogSnapshot.read(nodeFileSystem, `${options.data}/catalog/${mapName}`)
  return catalog && withKeys(catalog, options, async () => {})
}

async function openToChange(options: CatalogUsersOptions): Promise<OpenedCatalog> {
  const { data } = options
  const isMade = await access(`${data}/millrace.json`).then(
    () => true,
    () => false,
  )
  if (!isMade) await (await DataFolder.open(data, nodeFileSystem)).close()
  const lock = await locked(`${data}/catalog/identity.lock`, options.clock)
  try {
    const catalog = await EmbeddedCatalog.open(nodeFileSystem, `${data}/catalog`, silentLogger, mapName)
    const close = () => catalog.close().finally(() => lock.release())
    return await withKeys(catalog, options, close)
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Changes take turns; each takes milliseconds. */
async function locked(path: string, clock: Clock): Promise<{ release(): Promise<void> }> {
  const untilMs = clock.monotonicMs() + lockPatienceMs
  for (;;) {
    const lock = await nodeFileSystem.lock(path)
    if ('release' in lock) return lock
    if (clock.monotonicMs() >= untilMs)
      throw new IdentityError(`${path} says that process ${lock.heldByPid} is changing the users: try again`)
    await clock.sleep(lockPaceMs)
  }
}

async function withKeys(
  catalog: Catalog,
  { place, clock, random, keyringFile }: CatalogUsersOptions,
  close: () => Promise<void>,
): Promise<OpenedCatalog> {
  const { secrets } = await openKeys({ place, clock, random, logger: silentLogger, catalog, keyringFile })
  return {
    catalog,
    close,
    secrets: {
      seal: (name, secret) => told(() => secrets.seal(name, secret)),
      open: (name, sealed) => told(() => secrets.open(name, sealed)),
    },
  }
}

/** What folder, disk and keyring have against it, in one line for whoever asked. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isKnown = [DataFolderError, StorageFailed, KeyringError, KeyRefused].some((kind) => error instanceof kind)
    throw isKnown ? new IdentityError((error as Error).message) : error
  }
}
