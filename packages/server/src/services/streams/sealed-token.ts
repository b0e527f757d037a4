import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { Logger, Random } from '@millrace/ports'
import { KeyRefused, type SecretBox } from '../../core/ports/keys.ts'
import type { Catalog, Json, Versioned } from '../../storage/catalog.ts'

/*
 * Shard iterators and next-tokens: what the server must remember for a client, sealed and handed to the client. Any
 * process with the same catalog opens them; nobody else can make or change one.
 *
 *   base64 of   0000000000000001:8 bytes   nonce:12   AES-256-GCM(JSON)   tag:16
 *
 * The key is in the catalog, as base64, sealed where there is a keyring.
 */

const header = Buffer.from('0000000000000001', 'hex')
const nonceLength = 12
const tagLength = 16
const keyOfCatalog = 'secret/token-key'
const keyLength = 32
/** Of a key that is not sealed: one that is, is longer. */
const clearLength = 44

export type SealedTokensParts = {
  readonly catalog: Catalog
  readonly random: Random
  readonly logger: Logger
  /** Seals the key in the catalog. @default none: it lies there in clear */
  readonly secrets?: SecretBox | undefined
}

export class SealedTokens {
  readonly #key: KeyObject
  readonly #random: Random
  /** Of one call it is asked twice: whether it may be made, and when it is. */
  #lastOpened: { readonly kind: string; readonly token: string; readonly content: Json } | undefined

  private constructor(key: Uint8Array, random: Random) {
    // Given as bytes it would be made into this for each token, which takes four times as long as all the rest.
    this.#key = createSecretKey(key)
    this.#random = random
  }

  /**
   * Takes the key from the catalog, where the first process puts it. One that lies there in clear is sealed as soon as there
   * are `secrets`. One that the keyring does not give stays there, and another does until this process ends.
   */
  static async open(parts: SealedTokensParts): Promise<SealedTokens> {
    const { random, logger } = parts
    try {
      return new SealedTokens(Buffer.from(await keyIn(parts), 'base64'), random)
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error
      logger.log(
        'warn',
        'the key of shard iterators is not available: those that clients hold are no longer accepted',
        {
          reason: error.message,
        },
      )
      return new SealedTokens(random.bytes(keyLength), random)
    }
  }

  /** `kind` keeps an iterator from being taken for a next-token. */
  seal(kind: string, content: Json): string {
    const nonce = this.#random.bytes(nonceLength)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(kind))
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()])
    return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]).toString('base64')
  }

  /** What was sealed; undefined for anything that this server did not seal as this kind. */
  open(kind: string, token: string): Json | undefined {
    if (this.#lastOpened?.token === token && this.#lastOpened.kind === kind) return this.#lastOpened.content
    const content = this.#opened(kind, token)
    if (content !== undefined) this.#lastOpened = { kind, token, content }
    return content
  }

  #opened(kind: string, token: string): Json | undefined {
    const bytes = Buffer.from(token, 'base64')
    if (bytes.length < header.length + nonceLength + tagLength || bytes.toString('base64') !== token) return undefined
    if (!bytes.subarray(0, header.length).equals(header)) return undefined
    const nonce = bytes.subarray(header.length, header.length + nonceLength)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(kind))
    decipher.setAuthTag(bytes.subarray(-tagLength))
    try {
      const content = decipher.update(bytes.subarray(header.length + nonceLength, -tagLength))
      return JSON.parse(Buffer.concat([content, decipher.final()]).toString()) as Json
    } catch {
      return undefined // the tag does not fit: not ours, or changed
    }
  }
}

async function keyIn({ catalog, random, secrets }: SealedTokensParts): Promise<string> {
  const kept = async (key: string) => (secrets ? secrets.seal(keyOfCatalog, key) : key)
  if (!catalog.get(keyOfCatalog))
    await catalog.put(keyOfCatalog, await kept(Buffer.from(random.bytes(keyLength)).toString('base64')), 0)
  const { value, version } = catalog.get(keyOfCatalog) as Versioned & { readonly value: string }
  if (value.length > clearLength) return secrets ? secrets.open(keyOfCatalog, value) : refuse()
  if (secrets) await catalog.put(keyOfCatalog, await kept(value), version)
  return value
}

function refuse(): never {
  throw new KeyRefused('not found', 'It is sealed, and there is no keyring.')
}
