import { createHash } from 'node:crypto'
import type { OpenFile } from './file-system.ts'

/*
 * By what a file is known again: an inode is used for another file once its own is deleted, and a file that was
 * truncated and written anew may be longer than before by the time that anyone looks.
 */

/** A digest of so many bytes. */
export type Signature = { readonly length: number; readonly digest: string }

export const emptySignature: Signature = { length: 0, digest: '' }

/** Of a file's beginning. */
export const headLengthMax = 1024

/** Of what stands before an offset. */
export const tailLengthMax = 256

export function signatureOf(bytes: Uint8Array): Signature {
  if (bytes.length === 0) return emptySignature
  return { length: bytes.length, digest: createHash('sha1').update(bytes).digest('base64url').slice(0, 16) }
}

export const isSameSignature = (a: Signature, b: Signature): boolean => a.length === b.length && a.digest === b.digest

/** Whether the bytes that end at `end` are those signed. */
export async function holds(file: OpenFile, signature: Signature, end: number): Promise<boolean> {
  if (signature.length === 0) return true
  if (end < signature.length) return false
  return isSameSignature(await signatureAt(file, end - signature.length, signature.length), signature)
}

/** Of `length` bytes from a position on, or of as many as there are. */
export async function signatureAt(file: OpenFile, position: number, length: number): Promise<Signature> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled), position + filled)
    if (count === 0) break
    filled += count
  }
  return signatureOf(bytes.subarray(0, filled))
}
