import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import type { EncryptionContext, KeyService, NewDataKey } from '../core/ports/keys.ts'
import { refusalOf } from './kms-refusal.ts'
import { dataKeyLength } from './wrapping.ts'

export type KmsOptions = {
  /** A service that speaks KMS's protocol; `aws` is AWS KMS itself. */
  readonly endpoint: string
  readonly region: string
}

/** A put waits for it, at worst: tries, and how long each may take. */
const attemptsMax = 3
const connectMsMax = 2000
const requestMsMax = 5000

/** AWS KMS, by AWS's SDK. Credentials come from where AWS's own tools look: environment, profile, the machine's role. */
export class KmsKeyService implements KeyService {
  readonly #options: KmsOptions
  #client: Promise<KMSClient> | undefined

  constructor(options: KmsOptions) {
    this.#options = options
  }

  async generateDataKey(keyId: string, context: EncryptionContext): Promise<NewDataKey> {
    const { GenerateDataKeyCommand } = await import('@aws-sdk/client-kms')
    const call = new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: { ...context } })
    const { CiphertextBlob, KeyId, Plaintext } = await this.#opened()
      .then((client) => client.send(call))
      .catch((error: unknown) => {
        throw refusalOf(error)
      })
    if (!CiphertextBlob || KeyId === undefined || Plaintext?.byteLength !== dataKeyLength)
      throw refusalOf(new Error('the key service answered with something that is not a data key'))
    return { plaintext: Plaintext, wrapped: CiphertextBlob, keyArn: KeyId }
  }

  async decrypt(wrapped: Uint8Array, keyArn: string, context: EncryptionContext): Promise<Uint8Array> {
    const { DecryptCommand } = await import('@aws-sdk/client-kms')
    const call = new DecryptCommand({ CiphertextBlob: wrapped, KeyId: keyArn, EncryptionContext: { ...context } })
    const { Plaintext } = await this.#opened()
      .then((client) => client.send(call))
      .catch((error: unknown) => {
        throw refusalOf(error)
      })
    if (Plaintext?.byteLength !== dataKeyLength)
      throw refusalOf(new Error('the key service answered with something that is not a data key'))
    return Plaintext
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    client?.destroy()
  }

  #opened(): Promise<KMSClient> {
    this.#client ??= import('@aws-sdk/client-kms').then((sdk) => new sdk.KMSClient(configOf(this.#options)))
    return this.#client
  }
}

const configOf = ({ endpoint, region }: KmsOptions): KMSClientConfig => ({
  region,
  maxAttempts: attemptsMax,
  requestHandler: { connectionTimeout: connectMsMax, requestTimeout: requestMsMax, throwOnRequestTimeout: true },
  ...(endpoint === 'aws'
    ? // AWS_ENDPOINT_URL of whoever starts the server points at the server.
      { ignoreConfiguredEndpointUrls: true }
    : { endpoint }),
})
