import type { Clock, Random } from '@millrace/ports'
import { arn, type Place } from '../core/arn.ts'
import type { EncryptionContext, KeyService, NewDataKey } from '../core/ports/keys.ts'
import {
  aliasNotFound,
  isServicesOwn,
  keyArnOf,
  keyDisabled,
  keyNotFound,
  keyPendingDeletion,
  localName,
} from './key-reference.ts'
import { findKey, type Keyring, type MasterKey, withNewKey } from './keyring.ts'
import type { KeyringPlace } from './keyring-file.ts'
import { dataKeyLength, unwrap, wrap, wrappedBy } from './wrapping.ts'

type Parts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly keyring: KeyringPlace
}

/** A key service of one file. `alias/aws/…` are made when they are first used, as AWS makes them. */
export class EmbeddedKeyService implements KeyService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async generateDataKey(keyId: string, context: EncryptionContext): Promise<NewDataKey> {
    const { random } = this.#parts
    const key = this.#usable(await this.#find(keyId))
    const generation = key.generations.length
    const plaintext = Buffer.from(random.bytes(dataKeyLength))
    const wrapped = wrap(plaintext, secretOf(key, generation), { keyId: key.id, generation }, context, random)
    return { plaintext, wrapped, keyArn: this.#arnOf(key.id) }
  }

  async decrypt(wrapped: Uint8Array, _keyArn: string, context: EncryptionContext): Promise<Uint8Array> {
    const { clock, keyring } = this.#parts
    const { keyId, generation } = wrappedBy(wrapped)
    const found = findKey(await keyring.read(), keyId, clock.nowMs())
    if (!found || generation < 1 || generation > found.generations.length) throw keyNotFound(this.#arnOf(keyId))
    return unwrap(wrapped, secretOf(this.#usable(found), generation), context)
  }

  /** Does this keyring hold it? @param keyArn as `generateDataKey` gave it */
  async holds(keyArn: string): Promise<boolean> {
    const { clock, keyring, place } = this.#parts
    return findKey(await keyring.read(), localName(place, keyArn), clock.nowMs()) !== undefined
  }

  async #find(reference: string): Promise<MasterKey> {
    const { clock, keyring, place, random } = this.#parts
    const name = localName(place, reference)
    const known = (ring: Keyring) => findKey(ring, name, clock.nowMs())
    const found = known(await keyring.read())
    if (found) return found
    if (isServicesOwn(name))
      return keyring.change((ring) => {
        const meanwhile = known(ring)
        return meanwhile ? [ring, meanwhile] : withNewKey(ring, clock.nowMs(), random, name)
      })
    throw name.startsWith('alias/') ? aliasNotFound(arn(place, 'kms', name)) : keyNotFound(this.#arnOf(name))
  }

  /** @throws KeyRefused */
  #usable(key: MasterKey): MasterKey {
    if (key.deletionMs !== undefined) throw keyPendingDeletion(this.#arnOf(key.id))
    if (key.state === 'Disabled') throw keyDisabled(this.#arnOf(key.id))
    return key
  }

  #arnOf = (id: string) => keyArnOf(this.#parts.place, id)
}

const secretOf = ({ generations }: MasterKey, generation: number) =>
  Buffer.from(generations[generation - 1]!.secret, 'base64')
