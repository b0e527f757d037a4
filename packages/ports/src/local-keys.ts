import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { type DataKey, type KeyContext, type KeyProvider, KeyUnavailableError } from './key-provider.ts'
import { type Random, systemRandom } from './random.ts'

/*
 * A data key, wrapped by a key that has a name:
 *
 *   version:u8 = 1   idLength:u8   id[idLength]   nonce:12   ciphertext:32   tag:16
 *
 * AES-256-GCM; bound to it are all that stands before the nonce, and the stream's name.
 */

const version = 1
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const idBytesMax = 64

export type LocalKeysOptions = {
  /** Which of the keys wraps what is new. */
  readonly current: string
  /** By id, 32 bytes each: the current one, and older ones as long as there are records of theirs. */
  readonly keys: Readonly<Record<string, Uint8Array>>
  /** @default the machine's */
  readonly random?: Random
}

/** Keys that the application has itself. To rotate: add one, deploy it to all consumers, then make it current at the producers. */
export class LocalKeys implements KeyProvider {
  readonly #current: string
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly #random: Random

  /** @throws RangeError for a key that is not 32 bytes, an id that cannot be, or a current one that is not there */
  constructor({ current, keys, random = systemRandom }: LocalKeysOptions) {
    this.#keys = new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(key)]))
    this.#current = current
    this.#random = random
    for (const [id, key] of this.#keys) {
      if (key.length !== keyBytes) throw new RangeError(`the key ${id} has ${key.length} bytes, not ${keyBytes}`)
      const size = Buffer.byteLength(id)
      if (size < 1 || size > idBytesMax) throw new RangeError(`a key's id has 1 to ${idBytesMax} bytes, not ${size}`)
    }
    if (!this.#keys.has(current)) throw new RangeError(`there is no key ${current}, which is to be the current one`)
  }

  /**
   * Keys made of one secret and their ids (HKDF with SHA-256): to rotate, add an id.
   * @param secret 32 bytes of chance at least; not a password
   */
  static derived(secret: Uint8Array, ids: readonly string[], current: string, random?: Random): LocalKeys {
    if (secret.length < keyBytes) throw new RangeError(`the secret has ${secret.length} bytes, fewer than ${keyBytes}`)
    const keyOf = (id: string) => new Uint8Array(hkdfSync('sha256', secret, '', `millrace record key ${id}`, keyBytes))
    const keys = Object.fromEntries(ids.map((id) => [id, keyOf(id)]))
    return new LocalKeys({ current, keys, ...(random && { random }) })
  }

  async generate({ streamName }: KeyContext): Promise<DataKey> {
    const plaintext = this.#random.bytes(keyBytes)
    const nonce = this.#random.bytes(nonceBytes)
    const id = Buffer.from(this.#current)
    const head = Buffer.concat([Buffer.of(version, id.length), id])
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current)!, nonce)
    cipher.setAAD(Buffer.concat([head, Buffer.from(streamName)]))
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return { plaintext, wrapped: Buffer.concat([head, nonce, ciphertext, cipher.getAuthTag()]) }
  }

  async unwrap(wrapped: Uint8Array, { streamName }: KeyContext): Promise<Uint8Array> {
    const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength)
    const nonceAt = 2 + (bytes[1] ?? 0)
    if (bytes[0] !== version || bytes.length !== nonceAt + nonceBytes + keyBytes + tagBytes)
      throw new KeyUnavailableError('the data key was not wrapped by a local key')
    const id = bytes.toString('utf8', 2, nonceAt)
    const key = this.#keys.get(id)
    if (!key) throw new KeyUnavailableError(`the data key was wrapped by a key that is not here: ${id}`)
    const ciphertextAt = nonceAt + nonceBytes
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, ciphertextAt))
    decipher.setAAD(Buffer.concat([bytes.subarray(0, nonceAt), Buffer.from(streamName)]))
    decipher.setAuthTag(bytes.subarray(ciphertextAt + keyBytes))
    const plaintext = decipher.update(bytes.subarray(ciphertextAt, ciphertextAt + keyBytes))
    try {
      decipher.final()
      return plaintext
    } catch (cause) {
      throw new KeyUnavailableError(`the data key was changed, or is of another stream or another key ${id}`, { cause })
    }
  }
}
