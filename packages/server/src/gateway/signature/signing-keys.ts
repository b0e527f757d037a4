import type { KeyObject } from 'node:crypto'
import { type CredentialScope, signingKey } from '@millrace/formats/sigv4'

/** Of each kind. A key signs for a day and a service: one that is used everywhere takes seven, and twice that at midnight. */
const signingKeysMax = 4096

/** Longer key ids than AWS ever makes are never known: what is derived for them is not kept. */
const accessKeyIdLengthMax = 128

/**
 * Signing keys, which take four HMACs to derive and serve for a day. Those for ids that nobody has stand apart, so that an
 * unknown key costs what a wrong one costs, the second time too, and pushes none of the others out.
 */
export class SigningKeys {
  readonly #known = new Map<string, Kept>()
  readonly #unknown = new Map<string, Kept>()

  /** @param isKnown the secret is the key's own, and not one in its place */
  of(secret: string, isKnown: boolean, scope: CredentialScope): KeyObject {
    const keys = isKnown ? this.#known : this.#unknown
    const name = `${scope.accessKeyId}/${scope.text}`
    const kept = keys.get(name)
    if (kept?.secret === secret) return kept.key
    const key = signingKey(secret, scope)
    if (scope.accessKeyId.length > accessKeyIdLengthMax) return key
    keys.delete(name)
    if (keys.size >= signingKeysMax) keys.delete(keys.keys().next().value!)
    keys.set(name, { secret, key })
    return key
  }

  get size(): { readonly known: number; readonly unknown: number } {
    return { known: this.#known.size, unknown: this.#unknown.size }
  }
}

/** By which secret it was derived: one that was changed must not go on. */
type Kept = { readonly secret: string; readonly key: KeyObject }
