import type { Random } from '@millrace/ports'
import type { DataKey, DataKeys } from '../packages/server/src/storage/data-key.ts'
import { fixedDataKey } from '../packages/server/src/storage/data-key-fixture.ts'
import { checkedHead, claimedLength, sealOf } from '../packages/server/src/storage/embedded/block-format.ts'
import { segmentHeaderLength } from '../packages/server/src/storage/embedded/segment-file.ts'
import { holds } from './expected-log.ts'
import type { SeededRandom } from './seeded-random.ts'

/**
 * What the storages of one history seal with: keys that are not always at hand, and chance that a seed decides. Knows
 * all that was sealed, in what came to be and in all that might have: no nonce may come twice under a key.
 */
export class Sealing implements DataKeys {
  /** How many runs were sealed and written. */
  sealed = 0
  readonly random: Random
  readonly #chance: SeededRandom
  /** The tag of each run that was sealed, by key, segment, salt and count. */
  readonly #tags = new Map<string, string>()

  constructor(chance: SeededRandom) {
    this.#chance = chance
    this.random = {
      bytes: (length) => Uint8Array.from({ length }, () => chance.below(256)),
      uuid: () => '00000000-0000-4000-8000-000000000000',
    }
  }

  held(id: number): DataKey | undefined {
    return this.#chance.chance(0.85) ? fixedDataKey(id) : undefined
  }

  async find(id: number): Promise<DataKey> {
    for (let turn = this.#chance.below(40); turn > 0; turn--) await undefined
    return fixedDataKey(id)
  }

  /** Looks at what is written to a segment. @throws Violation if a nonce comes again for something else */
  look(parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts)
    let at = claimedLength(bytes, 0) > 0 ? 0 : segmentHeaderLength
    for (let length = claimedLength(bytes, at); length > 0; at += length, length = claimedLength(bytes, at)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at)
      const head = checkedHead(bytes, at, view.getUint32(24, true), view.getUint32(28, true))
      for (const run of head?.runs ?? []) {
        const seal = sealOf(bytes, at, head!, run)
        if (seal) this.#see(Buffer.from(seal.bytes).toString('hex'))
      }
    }
  }

  #see(seal: string): void {
    const [nonce, tag] = [seal.slice(0, 40), seal.slice(40)]
    const before = this.#tags.get(nonce)
    holds(before === undefined || before === tag, () => `a nonce comes twice under a key: ${nonce}`)
    if (before === undefined) this.sealed++
    this.#tags.set(nonce, tag)
  }
}
