/** What a data key is made for: it can be unwrapped for nothing else. */
export type KeyContext = { readonly streamName: string }

/** A key for some records, in the clear and as it travels with them. */
export type DataKey = {
  /** 32 bytes. Whoever takes it may overwrite it. */
  readonly plaintext: Uint8Array
  /** 1 to 1024 bytes, from which `unwrap` makes the key again. */
  readonly wrapped: Uint8Array
}

/** Who has the keys for records that are encrypted by their producer: a file of one's own, AWS KMS, another vault. */
export interface KeyProvider {
  /** A new data key, never the same twice. Rejects when there is none to be had. */
  generate(context: KeyContext): Promise<DataKey>
  /** The 32 bytes of a data key. Rejects with KeyUnavailableError when it is none of this provider's, or of another context. */
  unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array>
}

/** A wrapped key that its provider does not open. */
export class KeyUnavailableError extends Error {
  override readonly name = 'KeyUnavailableError'
}
