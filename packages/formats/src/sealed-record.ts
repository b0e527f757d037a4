import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'

/*
 * A record that only they can read who have its key, big-endian:
 *
 *   magic:4 = 8E 4D 53 52   version:u8 = 1   scope:u8   wrappedLength:u16   wrappedKey[wrappedLength]
 *   nonce:12   ciphertext[…]   tag:16
 *
 *   scope        0: the data of a user record.   1: all of a Kinesis record, perhaps an aggregate of user records
 *   wrappedKey   the data key, as its provider wrapped it
 *   ciphertext   AES-256-GCM of the data. Bound to it, and not to be changed, are all that stands before the nonce, and
 *                  streamLength:u16  streamName  keyLength:u16  partitionKey      (UTF-8)
 *
 * No text in UTF-8 begins with 8E: a text is never taken for a sealed record.
 */

const magic = Buffer.of(0x8e, 0x4d, 0x53, 0x52)
const version = 1
const headBytes = magic.length + 4
const nonceBytes = 12
const tagBytes = 16
const cipherName = 'aes-256-gcm'

/** A wrapped key may be so long; AWS KMS's are 184 bytes. */
export const wrappedKeyBytesMax = 1024

/** By how much sealing makes a record longer, at most. */
export const sealOverheadBytesMax = headBytes + wrappedKeyBytesMax + nonceBytes + tagBytes

export type SealScope = 'user-record' | 'kinesis-record'

const scopes: readonly SealScope[] = ['user-record', 'kinesis-record']

/** What a record is bound to: it can be read as nothing else. */
export type SealContext = { readonly streamName: string; readonly partitionKey: string }

export type SealKey = {
  /** 32 bytes. */
  readonly key: KeyObject
  readonly wrappedKey: Uint8Array
}

/** @param nonce 12 bytes, never the same twice with one key */
export function sealRecord(
  data: Uint8Array,
  { key, wrappedKey }: SealKey,
  nonce: Uint8Array,
  scope: SealScope,
  context: SealContext,
): Buffer {
  assert(nonce.length === nonceBytes)
  assert(wrappedKey.length > 0 && wrappedKey.length <= wrappedKeyBytesMax)
  const nonceAt = headBytes + wrappedKey.length
  const sealed = Buffer.allocUnsafe(nonceAt + nonceBytes + data.length + tagBytes)
  sealed.set(magic)
  sealed[4] = version
  sealed[5] = scopes.indexOf(scope)
  sealed.writeUInt16BE(wrappedKey.length, 6)
  sealed.set(wrappedKey, headBytes)
  sealed.set(nonce, nonceAt)
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(boundBytes(sealed.subarray(0, nonceAt), context))
  sealed.set(cipher.update(data), nonceAt + nonceBytes)
  cipher.final()
  sealed.set(cipher.getAuthTag(), sealed.length - tagBytes)
  return sealed
}

/** A sealed record taken apart: views, not copies. Nothing of it is proved yet. */
export type SealedRecord = {
  readonly scope: SealScope
  readonly wrappedKey: Uint8Array
  readonly head: Uint8Array
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
}

/** Whether it says of itself that it is sealed. */
export const isSealed = (data: Uint8Array): boolean =>
  data.length >= magic.length && magic.every((byte, at) => data[at] === byte)

/** Undefined if it cannot be one: cut off, of another version, or none at all. */
export function parseSealed(data: Uint8Array): SealedRecord | undefined {
  if (!isSealed(data) || data.length < headBytes || data[4] !== version) return undefined
  const scope = scopes[data[5]!]
  const nonceAt = headBytes + (data[6]! << 8) + data[7]!
  const tagAt = data.length - tagBytes
  if (scope === undefined || nonceAt === headBytes || nonceAt > headBytes + wrappedKeyBytesMax) return undefined
  if (nonceAt + nonceBytes > tagAt) return undefined
  return {
    scope,
    wrappedKey: data.subarray(headBytes, nonceAt),
    head: data.subarray(0, nonceAt),
    nonce: data.subarray(nonceAt, nonceAt + nonceBytes),
    ciphertext: data.subarray(nonceAt + nonceBytes, tagAt),
    tag: data.subarray(tagAt),
  }
}

/** The data; undefined if anything was changed, or if the key, the stream or the partition key is another. */
export function openSealed(sealed: SealedRecord, key: KeyObject, context: SealContext): Buffer | undefined {
  const decipher = createDecipheriv(cipherName, key, sealed.nonce, { authTagLength: tagBytes })
  decipher.setAAD(boundBytes(sealed.head, context))
  decipher.setAuthTag(sealed.tag)
  const data = decipher.update(sealed.ciphertext)
  try {
    decipher.final()
    return data
  } catch {
    return undefined
  }
}

function boundBytes(head: Uint8Array, { streamName, partitionKey }: SealContext): Buffer {
  const streamBytes = Buffer.byteLength(streamName)
  const keyBytes = Buffer.byteLength(partitionKey)
  const bound = Buffer.allocUnsafe(head.length + 2 + streamBytes + 2 + keyBytes)
  bound.set(head)
  let at = bound.writeUInt16BE(streamBytes, head.length)
  at += bound.write(streamName, at)
  at = bound.writeUInt16BE(keyBytes, at)
  bound.write(partitionKey, at)
  return bound
}
