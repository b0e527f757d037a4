import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Random } from '@millrace/ports'
import { type EncryptionContext, KeyRefused } from '../core/ports/keys.ts'

/*
 * A data key as the keyring wraps it:
 *
 *   version:u8 = 1   keyId:16   generation:u32, big-endian   salt:16   AES-256-GCM(data key):32   tag:16
 *
 * Each has a key and a nonce of its own: HKDF-SHA-256 of the master key's generation by the salt gives 32 and 12 bytes.
 * What is bound to it (AAD): all before the ciphertext, and the encryption context.
 */

const version = 1
const saltAt = 21
const cipherAt = saltAt + 16
export const dataKeyLength = 32
const tagLength = 16
const wrappedLength = cipherAt + dataKeyLength + tagLength

/** Which master key wrapped it, and which of its generations. */
export type WrappedBy = { readonly keyId: string; readonly generation: number }

/** @param keyId a UUID */
export function wrap(
  plaintext: Uint8Array,
  secret: Uint8Array,
  { keyId, generation }: WrappedBy,
  context: EncryptionContext,
  random: Random,
): Uint8Array {
  const header = Buffer.alloc(cipherAt)
  header[0] = version
  header.write(keyId.replaceAll('-', ''), 1, 'hex')
  header.writeUInt32BE(generation, 17)
  header.set(random.bytes(16), saltAt)
  const { key, nonce } = derived(secret, header)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.concat([header, canonical(context)]))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** @throws KeyRefused for what this keyring did not wrap */
export function wrappedBy(wrapped: Uint8Array): WrappedBy {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength)
  if (bytes.length !== wrappedLength || bytes[0] !== version) throw notOurs()
  const hex = bytes.toString('hex', 1, 17)
  const keyId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { keyId, generation: bytes.readUInt32BE(17) }
}

/** @throws KeyRefused where secret, context or a byte of it is another */
export function unwrap(wrapped: Uint8Array, secret: Uint8Array, context: EncryptionContext): Uint8Array {
  const header = Buffer.from(wrapped.subarray(0, cipherAt))
  const { key, nonce } = derived(secret, header)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(Buffer.concat([header, canonical(context)]))
  decipher.setAuthTag(wrapped.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(cipherAt, -tagLength)), decipher.final()])
  } catch {
    throw notOurs()
  }
}

function derived(secret: Uint8Array, header: Buffer): { key: Buffer; nonce: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', secret, header.subarray(saltAt), 'millrace data key', 32 + 12))
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) }
}

/** Pairs in order of name, each text behind its length (u32): two contexts never look the same. */
function canonical(context: EncryptionContext): Buffer {
  const texts = Object.entries(context)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat()
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** KMS's sentence. */
const notOurs = () =>
  new KeyRefused(
    'access denied',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
      'allowed to access.',
  )
