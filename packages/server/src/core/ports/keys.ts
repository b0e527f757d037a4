/** Pairs that a data key is bound to: whoever asks for it must name the same, e.g. `aws:kinesis:arn`. */
export type EncryptionContext = Readonly<Record<string, string>>

export type NewDataKey = {
  /** 32 bytes, which never leave memory. */
  readonly plaintext: Uint8Array
  /** The same, as only the key service opens it. */
  readonly wrapped: Uint8Array
  /** The master key that wraps it. */
  readonly keyArn: string
}

/** Master keys, which never leave it: the keyring, or AWS KMS. */
export interface KeyService {
  /**
   * Makes a data key under a master key.
   * @param keyId its id or ARN, an alias (`alias/name`) or an alias's ARN
   * @throws KeyRefused
   */
  generateDataKey(keyId: string, context: EncryptionContext): Promise<NewDataKey>
  /** The data key's plaintext. @throws KeyRefused */
  decrypt(wrapped: Uint8Array, keyArn: string, context: EncryptionContext): Promise<Uint8Array>
}

/** Why a master key was not used; `unreachable` is no answer at all. */
export type KeyRefusal =
  | 'access denied'
  | 'disabled'
  | 'invalid state'
  | 'not found'
  | 'opt-in required'
  | 'throttled'
  | 'unreachable'

/** A master key that was not used, in the key service's own words. */
export class KeyRefused extends Error {
  readonly reason: KeyRefusal

  constructor(reason: KeyRefusal, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Data keys that logs are sealed by. Their numbers are never given twice. */
export interface LogKeys {
  /**
   * A new data key. @throws KeyRefused
   * @param owner whose logs it seals, for `forget`; another for a stream that is made again under its name
   */
  create(
    keyId: string,
    owner: string,
    context: EncryptionContext,
  ): Promise<{ readonly dataKey: number; readonly keyArn: string }>
  /** May it be used? Undefined if so, as nearly always; else when the key service was asked. @throws KeyRefused */
  allow(dataKey: number): undefined | Promise<void>
  /** Forgets a data key: what was sealed by it cannot be read any more. */
  remove(dataKey: number): Promise<void>
  /** Forgets all keys of an owner. */
  forget(owner: string): Promise<void>
}

/** Seals what must not lie open in the catalog: passwords, access keys, tokens. */
export interface SecretBox {
  /** Text that only `open` reads, and only under the same name. @throws KeyRefused */
  seal(name: string, secret: string): Promise<string>
  /** What was sealed; text that is not sealed comes back as it is. @throws KeyRefused */
  open(name: string, sealed: string): Promise<string>
}
