import { type DataKey, type KeyContext, type KeyProvider, KeyUnavailableError } from './key-provider.ts'

/** What is asked of AWS KMS, or of what speaks as it does: `new KMS(...)` of `@aws-sdk/client-kms` is one. */
export interface KmsDataKeys {
  generateDataKey(input: {
    KeyId: string
    KeySpec: 'AES_256'
    EncryptionContext: Record<string, string>
  }): Promise<{ CiphertextBlob?: Uint8Array | undefined; Plaintext?: Uint8Array | undefined }>
  decrypt(input: {
    CiphertextBlob: Uint8Array
    KeyId: string
    EncryptionContext: Record<string, string>
  }): Promise<{ Plaintext?: Uint8Array | undefined }>
}

export type KmsKeysOptions = {
  /** The key that wraps what is new: id, ARN or alias. */
  readonly keyId: string
  /** Keys of earlier records. KMS's own rotation of one key needs none. @default none */
  readonly olderKeyIds?: readonly string[]
}

/**
 * Data keys by AWS KMS, for the encryption context `kinesis:stream` = the stream's name. Only the keys that are named are
 * asked to unwrap: a record that somebody encrypted with a key of his own is not believed.
 */
export class KmsKeys implements KeyProvider {
  readonly #kms: KmsDataKeys
  readonly #keyId: string
  readonly #keyIds: readonly string[]

  constructor(kms: KmsDataKeys, { keyId, olderKeyIds = [] }: KmsKeysOptions) {
    this.#kms = kms
    this.#keyId = keyId
    this.#keyIds = [keyId, ...olderKeyIds]
  }

  async generate(context: KeyContext): Promise<DataKey> {
    const { CiphertextBlob, Plaintext } = await this.#kms.generateDataKey({
      KeyId: this.#keyId,
      KeySpec: 'AES_256',
      EncryptionContext: encryptionContext(context),
    })
    if (!CiphertextBlob || !Plaintext) throw new Error('KMS answered GenerateDataKey without a key')
    return { plaintext: Plaintext, wrapped: CiphertextBlob }
  }

  async unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array> {
    let refusal: unknown
    for (const KeyId of this.#keyIds) {
      const input = { CiphertextBlob: wrapped, KeyId, EncryptionContext: encryptionContext(context) }
      try {
        const { Plaintext } = await this.#kms.decrypt(input)
        if (!Plaintext) throw new Error('KMS answered Decrypt without a key')
        return Plaintext
      } catch (error) {
        refusal = error
        if (!isNotItsKey.has((error as Error).name)) throw error
      }
    }
    const { name, message } = refusal as Error
    throw new KeyUnavailableError(`none of the KMS keys unwraps the data key: ${name}: ${message}`, { cause: refusal })
  }
}

const encryptionContext = ({ streamName }: KeyContext) => ({ 'kinesis:stream': streamName })

/** What KMS says of a wrapped key that is another key's, another context's, or none. */
const isNotItsKey = new Set(['IncorrectKeyException', 'InvalidCiphertextException'])
