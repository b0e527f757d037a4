import type { ResourceGuard } from '../core/access.ts'
import { compilePolicy } from './compile-policy.ts'
import type { Policy } from './policy.ts'

/** Policies of resources that are kept ready; those over it are made ready again. */
const keptMax = 1000

/** The policies of resources, ready to be asked: by their text, for the same text means the same, whosever it is. */
export class ResourcePolicies {
  readonly #kept = new Map<string, Policy>()

  /** A resource's own policy; undefined if it has none. */
  of(guard: ResourceGuard, resource: string): Policy | undefined {
    const text = guard.policyOf(resource)
    if (text === undefined) return undefined
    const kept = this.#kept.get(text)
    if (kept) return kept
    const policy = compilePolicy(text, guard.areTrustPolicies ? 'role trust policy' : 'resource-based policy', resource)
    if (this.#kept.size >= keptMax) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(text, policy)
    return policy
  }
}
