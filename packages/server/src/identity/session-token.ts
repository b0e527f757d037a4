import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Random } from '@millrace/ports'
import type { SecretBox } from '../core/ports/keys.ts'
import type { Catalog } from '../storage/catalog.ts'

/*
 * The token that comes with temporary keys: what the server must know of a session, sealed and handed to the client. Any
 * process with the same catalog opens it, also after a restart; nobody else can make or change one.
 *
 *   base64 of   version:1 byte = 1   nonce:12   AES-256-GCM(raw deflate of JSON)   tag:16        the version is bound too
 */

/** What a session is. Whose it is, is looked up each time: what is gone or has changed is so at once. */
export type Session = {
  readonly accessKeyId: string
  readonly secret: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly of: SessionOwner
  /** Documents that narrow what the owner may do, as they were given. */
  readonly policies?: readonly string[]
  /** ARNs of policies in the identity file that narrow it too. */
  readonly policyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  /** Names of those tags that go on to the roles which the session assumes. */
  readonly transitiveTags?: readonly string[]
  readonly sourceIdentity?: string
}

export type SessionOwner =
  | { readonly kind: 'role'; readonly arn: string; readonly sessionName: string }
  /** GetSessionToken: the key by which it was asked for. */
  | { readonly kind: 'user'; readonly arn: string; readonly accessKeyId: string }

const version = Buffer.from([1])
const nonceLength = 12
const tagLength = 16
const keyOfCatalog = 'secret/session-key'

/** Characters of a token: AWS tells clients to expect up to 4,096. */
export const tokenLengthMax = 4096
/** A token is deflated: more than this cannot come out of one that was sealed here. */
const contentBytesMax = 64 * 1024

export class SessionTokens {
  readonly #key: KeyObject
  readonly #random: Random

  private constructor(key: Uint8Array, random: Random) {
    this.#key = createSecretKey(key) // given as bytes it would be made into this for each token
    this.#random = random
  }

  /** Takes the key from the catalog, where the first process puts it, sealed. @throws KeyRefused */
  static async open(catalog: Catalog, secrets: SecretBox, random: Random): Promise<SessionTokens> {
    if (!catalog.get(keyOfCatalog)) {
      const made = Buffer.from(random.bytes(32)).toString('base64')
      await catalog.put(keyOfCatalog, await secrets.seal(keyOfCatalog, made), 0)
    }
    const key = await secrets.open(keyOfCatalog, catalog.get(keyOfCatalog)?.value as string)
    return new SessionTokens(Buffer.from(key, 'base64'), random)
  }

  /** The token, which may be longer than `tokenLengthMax`: then nobody may get it. */
  seal(session: Session): string {
    const nonce = this.#random.bytes(nonceLength)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(version)
    const sealed = Buffer.concat([cipher.update(deflateRawSync(JSON.stringify(session))), cipher.final()])
    return Buffer.concat([version, nonce, sealed, cipher.getAuthTag()]).toString('base64')
  }

  /** The session; undefined for anything that was not sealed by this key. */
  open(token: string): Session | undefined {
    if (token.length > tokenLengthMax) return undefined
    const bytes = Buffer.from(token, 'base64')
    if (bytes.length < 1 + nonceLength + tagLength || bytes[0] !== version[0]) return undefined
    if (bytes.toString('base64') !== token) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(1, 1 + nonceLength)).setAAD(version)
    decipher.setAuthTag(bytes.subarray(-tagLength))
    try {
      const deflated = Buffer.concat([decipher.update(bytes.subarray(1 + nonceLength, -tagLength)), decipher.final()])
      return JSON.parse(inflateRawSync(deflated, { maxOutputLength: contentBytesMax }).toString()) as Session
    } catch {
      return undefined // the tag does not fit: not ours, or changed
    }
  }
}
