import { compilePolicy } from './compile-policy.ts'
import { MalformedPolicy } from './malformed-policy.ts'

/** What is wrong with a resource's policy, as AWS says it, and where; undefined if nothing is. */
export function policyFault(document: string): string | undefined {
  try {
    compilePolicy(document, 'resource-based policy')
    return undefined
  } catch (error) {
    if (!(error instanceof MalformedPolicy)) throw error
    return error.place === undefined ? error.message : `${error.message} (${error.place})`
  }
}
