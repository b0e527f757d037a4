import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import type { EncryptionContext, KeyService, SecretBox } from '../core/ports/keys.ts'
import type { Catalog } from '../storage/catalog.ts'
import { CatalogSecrets } from './catalog-secrets.ts'
import { DataKeyStore, dataKeyPrefix, type StoredDataKey } from './data-keys.ts'
import { EmbeddedKeyService } from './embedded-key-service.ts'
import { isServicesOwn } from './key-reference.ts'
import { KeyringError } from './keyring.ts'
import { KeyringFile, MemoryKeyring } from './keyring-file.ts'
import { wrappedBy } from './wrapping.ts'

export type KeysOptions = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly catalog: Catalog
  /** The keyring's file; without one it is in memory. */
  readonly keyringFile?: string | undefined
  /** AWS KMS (`aws`) or a service that speaks its protocol: its URL. Keys that AWS's services own stay the keyring's. */
  readonly kms?: string | undefined
  /** How long a data key is used before the key service is asked again. @default 5 s by the keyring, 5 min by a service */
  readonly dataKeyAgeMs?: number | undefined
}

export type Keys = {
  readonly dataKeys: DataKeyStore
  readonly secrets: SecretBox
  close(): Promise<void>
}

/** As long as AWS keeps data keys; the keyring is a file on this machine, and is asked as often as one likes. */
const serviceAgeMs = 300_000
const keyringAgeMs = 5000

/** @throws KeyringError with a line for the operator where the keyring is lost that the catalog's keys need */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const { catalog, clock, keyringFile, kms, logger, random } = options
  const file = keyringFile === undefined ? undefined : new KeyringFile(keyringFile, clock)
  const embedded = new EmbeddedKeyService({ ...options, keyring: file ?? new MemoryKeyring() })
  if (file) await checkKeyring(catalog, file, embedded, keyringFile!, logger)
  const service = kms === undefined ? undefined : await serviceOf(kms, options.place.region)
  const keys = service ? new BothKeyServices(embedded, service) : embedded
  const ageMsMax = options.dataKeyAgeMs ?? (service ? serviceAgeMs : keyringAgeMs)
  const dataKeys = new DataKeyStore({ catalog, clock, logger, keys, ageMsMax })
  // What the catalog's secrets are sealed by needs no network.
  const ownKeys = service
    ? new DataKeyStore({ catalog, clock, logger, keys: embedded, ageMsMax: serviceAgeMs })
    : dataKeys
  return {
    dataKeys,
    secrets: new CatalogSecrets({ catalog, dataKeys: ownKeys, random }),
    close: async () => service?.close(),
  }
}

async function serviceOf(endpoint: string, region: string) {
  const { KmsKeyService } = await import('./kms-key-service.ts')
  return new KmsKeyService({ endpoint, region })
}

/** A key service, and the keyring for what it does not have: AWS lets only its own services use `alias/aws/…`. */
class BothKeyServices implements KeyService {
  readonly #embedded: EmbeddedKeyService
  readonly #service: KeyService

  constructor(embedded: EmbeddedKeyService, service: KeyService) {
    this.#embedded = embedded
    this.#service = service
  }

  generateDataKey(keyId: string, context: EncryptionContext) {
    return (isServicesOwn(keyId) ? this.#embedded : this.#service).generateDataKey(keyId, context)
  }

  decrypt(wrapped: Uint8Array, keyArn: string, context: EncryptionContext) {
    return (isKeyrings(wrapped, keyArn) ? this.#embedded : this.#service).decrypt(wrapped, keyArn, context)
  }
}

/** Did the keyring wrap it? */
function isKeyrings(wrapped: Uint8Array, keyArn: string): boolean {
  try {
    return keyArn.endsWith(`:key/${wrappedBy(wrapped).keyId}`)
  } catch {
    return false
  }
}

/** A new keyring in the place of one that is lost would only hide the loss. @throws KeyringError */
async function checkKeyring(
  catalog: Catalog,
  file: KeyringFile,
  embedded: EmbeddedKeyService,
  path: string,
  logger: Logger,
): Promise<void> {
  const needed = new Map<string, string[]>()
  for (const { value } of catalog.list(dataKeyPrefix)) {
    const { keyArn, owner, wrapped } = value as unknown as StoredDataKey
    if (isKeyrings(Buffer.from(wrapped, 'base64'), keyArn)) needed.set(keyArn, [...(needed.get(keyArn) ?? []), owner])
  }
  if (needed.size === 0) return
  if (!(await file.exists()))
    throw new KeyringError(
      `the keyring ${path} is missing, and ${needed.size} of its keys protect data here: put a copy of it there, or say ` +
        'where it is by --keyring. (If it is lost, so is what they protect: `millrace keys create` begins a new one.)',
    )
  for (const [keyArn, owners] of needed)
    if (!(await embedded.holds(keyArn)))
      logger.log('error', 'the keyring lacks a key: what it protects cannot be read', {
        keyArn,
        path,
        owners: owners.length,
      })
}
