import { createHash } from 'node:crypto'
import type { Clock } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import type { Catalog, CatalogChange } from '../../storage/catalog.ts'

const prefix = 'token/'

/** How long a transaction is not done a second time for its token. */
export const tokenLifeMs = 10 * 60_000

/** Tokens that are remembered at once; beyond, the oldest are forgotten early. */
const tokensMax = 50_000

/** What the token stands for, and when it was first used. */
type Used = { readonly digest: string; readonly usedAtMs: number }

/** Tokens of transactions. Each is written with the transaction's own changes, so a crash cannot come between. */
export class TransactionTokens {
  readonly #catalog: Catalog
  readonly #clock: Clock
  /** In order of their first use. */
  readonly #keys = new Set<string>()
  readonly #stopWatching: () => void

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog
    this.#clock = clock
    const found = catalog.list(prefix).sort((a, b) => a.version - b.version)
    for (const { key } of found) this.#keys.add(key)
    this.#stopWatching = catalog.watch(prefix, (key) => {
      this.#keys.delete(key)
      if (catalog.get(key)) this.#keys.add(key)
    })
  }

  stop(): void {
    this.#stopWatching()
  }

  /**
   * The change that goes with a transaction; undefined if the transaction has been done.
   * @throws IdempotentParameterMismatchException if it was another one
   */
  changeFor(token: string, input: unknown): CatalogChange | undefined {
    const key = prefix + token
    const digest = createHash('sha256').update(JSON.stringify(input)).digest('base64')
    const held = this.#catalog.get(key)
    const used = held?.value as Used | undefined
    const nowMs = this.#clock.nowMs()
    if (used && nowMs - used.usedAtMs < tokenLifeMs) {
      if (used.digest === digest) return undefined
      throw new AwsError(
        'IdempotentParameterMismatchException',
        'Request parameters do not match the ones of the request that this client token was used for before',
      )
    }
    return { key, expectedVersion: held?.version ?? 0, action: 'put', value: { digest, usedAtMs: nowMs } }
  }

  /** Forgets tokens that are too old, or too many. */
  async sweep(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    let surplus = this.#keys.size - tokensMax
    const changes: CatalogChange[] = []
    for (const key of this.#keys) {
      const held = this.#catalog.get(key)
      if (!held) continue
      if (surplus-- <= 0 && nowMs - (held.value as Used).usedAtMs < tokenLifeMs) break
      changes.push({ key, expectedVersion: held.version, action: 'delete' })
    }
    if (changes.length > 0) await this.#catalog.commit(changes)
  }
}
