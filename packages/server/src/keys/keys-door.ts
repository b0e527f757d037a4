import type { EncryptionContext, LogKeys, SecretBox } from '../core/ports/keys.ts'
import type { DataKey, DataKeys } from '../storage/data-key.ts'
import type { Keys } from './open-keys.ts'

/** Where a data folder has its keyring, unless somebody says otherwise. */
export const standardKeyring = (data: string) => `${data}/keys/keyring.json`

/** Keys of a server that may need none: opened when something is to be encrypted, or read that is. */
export class KeysDoor implements LogKeys, DataKeys, SecretBox {
  readonly #open: () => Promise<Keys>
  readonly #hasKeys: () => boolean
  #opening: Promise<Keys> | undefined
  #opened: Keys | undefined

  /** @param hasKeys whether the catalog has any data key */
  constructor(open: () => Promise<Keys>, hasKeys: () => boolean) {
    this.#open = open
    this.#hasKeys = hasKeys
  }

  /** @throws KeyringError; the next call tries again */
  async keys(): Promise<Keys> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    this.#opened = await this.#opening
    return this.#opened
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.close()
  }

  held(id: number): DataKey | undefined {
    return this.#opened?.dataKeys.held(id)
  }

  async find(id: number): Promise<DataKey> {
    return (await this.keys()).dataKeys.find(id)
  }

  allow(dataKey: number): undefined | Promise<void> {
    return this.#opened
      ? this.#opened.dataKeys.allow(dataKey)
      : this.keys().then((keys) => keys.dataKeys.allow(dataKey))
  }

  async create(keyId: string, owner: string, context: EncryptionContext) {
    return (await this.keys()).dataKeys.create(keyId, owner, context)
  }

  async remove(dataKey: number): Promise<void> {
    await (await this.keys()).dataKeys.remove(dataKey)
  }

  async forget(owner: string): Promise<void> {
    if (this.#hasKeys()) await (await this.keys()).dataKeys.forget(owner)
  }

  async seal(name: string, secret: string): Promise<string> {
    return (await this.keys()).secrets.seal(name, secret)
  }

  async open(name: string, sealed: string): Promise<string> {
    return (await this.keys()).secrets.open(name, sealed)
  }
}
