import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '@millrace/ports'
import { KeyRefused, type SecretBox } from '../core/ports/keys.ts'
import type { Catalog } from '../storage/catalog.ts'
import { type DataKeyStore, dataKeyPrefix, type StoredDataKey } from './data-keys.ts'

/*
 * A secret as it lies in the catalog:
 *
 *   sealed:1:NUMBER:base64 of   nonce:12   AES-256-GCM(secret, UTF-8)   tag:16        by the data key of that number
 *
 * Its name is bound to it (AAD).
 */

const pattern = /^sealed:1:(\d+):([A-Za-z0-9+/=]+)$/
const owner = 'catalog'
/** The master key of it all; the keyring makes it. */
const masterKey = 'alias/millrace/catalog'
const nonceLength = 12
const tagLength = 16

/** What random nonces allow under one key is far more (2^32); a new key costs nothing. */
const secretsPerKeyMax = 2 ** 24

export class CatalogSecrets implements SecretBox {
  readonly #catalog: Catalog
  readonly #dataKeys: DataKeyStore
  readonly #random: Random
  #sealingKey: Promise<number> | undefined
  #sealedCount = 0

  constructor(parts: { readonly catalog: Catalog; readonly dataKeys: DataKeyStore; readonly random: Random }) {
    this.#catalog = parts.catalog
    this.#dataKeys = parts.dataKeys
    this.#random = parts.random
  }

  async seal(name: string, secret: string): Promise<string> {
    const dataKey = await this.#keyToSealBy()
    const { secret: key } = await this.#dataKeys.find(dataKey)
    const nonce = this.#random.bytes(nonceLength)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
    const bytes = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `sealed:1:${dataKey}:${bytes.toString('base64')}`
  }

  async open(name: string, sealed: string): Promise<string> {
    const [, number, text] = pattern.exec(sealed) ?? []
    if (number === undefined || text === undefined) return sealed
    const bytes = Buffer.from(text, 'base64')
    const { secret: key } = await this.#dataKeys.find(Number(number))
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceLength))
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-tagLength))
    try {
      const opened = decipher.update(bytes.subarray(nonceLength, -tagLength))
      return Buffer.concat([opened, decipher.final()]).toString()
    } catch {
      throw new KeyRefused('access denied', `The secret "${name}" was changed, or is another's.`)
    }
  }

  async #keyToSealBy(): Promise<number> {
    if (++this.#sealedCount >= secretsPerKeyMax) {
      this.#sealedCount = 0
      this.#sealingKey = undefined
    }
    this.#sealingKey ??= this.#newest().catch((error: unknown) => {
      this.#sealingKey = undefined
      throw error
    })
    return this.#sealingKey
  }

  /** The last one that was made, or a new one where there is none or it was used enough. */
  async #newest(): Promise<number> {
    const numbers = this.#catalog
      .list(dataKeyPrefix)
      .filter(({ value }) => (value as unknown as StoredDataKey).owner === owner)
      .map(({ key }) => Number(key.slice(dataKeyPrefix.length)))
    if (numbers.length > 0 && this.#sealedCount > 0) return Math.max(...numbers)
    return (await this.#dataKeys.create(masterKey, owner, { 'millrace:catalog': 'secrets' })).dataKey
  }
}
