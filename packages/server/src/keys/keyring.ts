import type { Random } from '@millrace/ports'

/*
 * Master keys and their aliases, as a value: changes make a new one. As a file (keyring-file.ts):
 *
 *   { "version": 1,
 *     "keys": [{ "id": UUID, "createdMs", "state": "Enabled" | "Disabled", "deletionMs"?,
 *                "generations": [{ "createdMs", "secret": base64 of 32 bytes }, …] }],
 *     "aliases": { "alias/name": UUID } }
 */

export type MasterKey = {
  /** A UUID. */
  readonly id: string
  readonly createdMs: number
  readonly state: 'Enabled' | 'Disabled'
  /** It waits to be deleted, and is gone from this time on. */
  readonly deletionMs?: number
  /** The newest wraps; all unwrap. Generation 1 is the first. */
  readonly generations: readonly { readonly createdMs: number; readonly secret: string }[]
}

export type Keyring = {
  readonly version: 1
  readonly keys: readonly MasterKey[]
  /** `alias/…` → id */
  readonly aliases: Readonly<Record<string, string>>
}

export const emptyKeyring: Keyring = { version: 1, keys: [], aliases: {} }

/** What an operator asked for and cannot be; one line. */
export class KeyringError extends Error {}

const keysMax = 10_000
const generationsMax = 10_000
const aliasPattern = /^alias\/[a-zA-Z0-9/_-]{1,250}$/

/** The key that an id or an alias means, unless it is deleted by now. */
export function findKey({ keys, aliases }: Keyring, idOrAlias: string, nowMs: number): MasterKey | undefined {
  const id = idOrAlias.startsWith('alias/') ? ownValue(aliases, idOrAlias) : idOrAlias
  const key = keys.find((candidate) => candidate.id === id)
  return key?.deletionMs !== undefined && key.deletionMs <= nowMs ? undefined : key
}

/** @throws KeyringError */
export function withNewKey(ring: Keyring, nowMs: number, random: Random, alias?: string): [Keyring, MasterKey] {
  if (ring.keys.length >= keysMax) throw new KeyringError(`a keyring holds at most ${keysMax} keys`)
  const key: MasterKey = {
    id: random.uuid(),
    createdMs: nowMs,
    state: 'Enabled',
    generations: [generation(nowMs, random)],
  }
  const grown = { ...ring, keys: [...ring.keys, key] }
  return [alias === undefined ? grown : withAlias(grown, alias, key.id), key]
}

/** @throws KeyringError if it is no alias, or is one already */
export function withAlias(ring: Keyring, alias: string, id: string): Keyring {
  if (!aliasPattern.test(alias))
    throw new KeyringError(`"${alias}" is not an alias: it must begin with alias/, e.g. alias/orders`)
  if (ownValue(ring.aliases, alias) !== undefined) throw new KeyringError(`there is an alias "${alias}" already`)
  return { ...ring, aliases: { ...ring.aliases, [alias]: id } }
}

/** Wraps by a new secret from now on; what was wrapped before is opened by the old ones. */
export function rotated(key: MasterKey, nowMs: number, random: Random): MasterKey {
  if (key.generations.length >= generationsMax)
    throw new KeyringError(`a key has at most ${generationsMax} generations: make another`)
  return { ...key, generations: [...key.generations, generation(nowMs, random)] }
}

export function withKey(ring: Keyring, changed: MasterKey): Keyring {
  return { ...ring, keys: ring.keys.map((key) => (key.id === changed.id ? changed : key)) }
}

/** Without the keys whose time is over, and their aliases. */
export function withoutDeleted(ring: Keyring, nowMs: number): Keyring {
  const isGone = ({ deletionMs }: MasterKey) => deletionMs !== undefined && deletionMs <= nowMs
  if (!ring.keys.some(isGone)) return ring
  const gone = new Set(ring.keys.filter(isGone).map(({ id }) => id))
  return {
    ...ring,
    keys: ring.keys.filter(({ id }) => !gone.has(id)),
    aliases: Object.fromEntries(Object.entries(ring.aliases).filter(([, id]) => !gone.has(id))),
  }
}

/** @throws KeyringError with what is wrong, never with what stands there */
export function parseKeyring(text: string): Keyring {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new KeyringError('is not JSON')
  }
  const ring = value as Keyring
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isPlain || ring.version !== 1) throw new KeyringError('is not a keyring of version 1')
  if (!Array.isArray(ring.keys) || typeof ring.aliases !== 'object' || ring.aliases === null)
    throw new KeyringError('lacks "keys" or "aliases"')
  for (const key of ring.keys) checkKey(key)
  for (const [alias, id] of Object.entries(ring.aliases))
    if (!aliasPattern.test(alias) || !ring.keys.some((key) => key.id === id))
      throw new KeyringError(`has an alias of no key, "${alias}"`)
  return ring
}

function checkKey(key: MasterKey): void {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(String(key?.id)))
    throw new KeyringError('has a key whose id is no UUID')
  const isSecret = (secret: unknown) => typeof secret === 'string' && Buffer.from(secret, 'base64').length === 32
  const isWhole =
    ['Enabled', 'Disabled'].includes(key.state) &&
    Array.isArray(key.generations) &&
    key.generations.length > 0 &&
    key.generations.every((one) => isSecret(one?.secret))
  if (!isWhole) throw new KeyringError(`has a key that is not whole, ${key.id}`)
}

const generation = (createdMs: number, random: Random) => ({
  createdMs,
  secret: Buffer.from(random.bytes(32)).toString('base64'),
})

const ownValue = (from: Readonly<Record<string, string>>, name: string) =>
  Object.hasOwn(from, name) ? from[name] : undefined
