import { compilePolicy } from '../policies/compile-policy.ts'
import { MalformedPolicy } from '../policies/malformed-policy.ts'
import type { Policy } from '../policies/policy.ts'
import type { PrivateEndpoint } from './private-endpoints.ts'

/** The policies of private endpoints, by their ids; one without a policy lets everything pass. @throws Error with one line */
export function endpointPolicies(endpoints: readonly PrivateEndpoint[]): ReadonlyMap<string, Policy> {
  const policies = new Map<string, Policy>()
  for (const { id, name, policy } of endpoints) if (policy !== undefined) policies.set(id, compiled(policy, name))
  return policies
}

function compiled(policy: unknown, name: string): Policy {
  try {
    return compilePolicy(policy, 'VPC endpoint policy', name)
  } catch (error) {
    if (!(error instanceof MalformedPolicy)) throw error
    const at = error.place === undefined ? '' : ` (${error.place})`
    throw new Error(`private endpoints: the policy of "${name}" is none: ${error.message}${at}`)
  }
}
