import { hash } from 'node:crypto'

/** A request, in the parts that a signature covers. */
export type CanonicalParts = {
  readonly method: string
  /** See canonicalPath. */
  readonly path: string
  /** See canonicalQuery. */
  readonly query: string
  /**
   * Signed headers: names in small letters, in order, each once; of several of one name the values stand in one, with
   * commas between.
   */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** SHA-256 of the body in hexadecimal digits, or what stands for it, e.g. `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

/*
 * method
 * path
 * query
 * name:value        one line for each signed header; spaces at the ends are dropped, several become one
 *                   an empty line
 * name;name
 * hash of the body
 */
export function canonicalRequest({ method, path, query, headers, payloadHash }: CanonicalParts): string {
  let lines = ''
  let names = ''
  for (const [name, value] of headers) {
    lines += `${name}:${trimmed(value)}\n`
    names += names === '' ? name : `;${name}`
  }
  return `${method}\n${path}\n${query}\n${lines}\n${names}\n${payloadHash}`
}

const needsTrim = /^\s|\s$|\s\s|\t/

/** Sequences of spaces become one also inside quotation marks. */
const trimmed = (value: string): string => (needsTrim.test(value) ? value.trim().replace(/\s+/g, ' ') : value)

export const sha256Hex = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex')
