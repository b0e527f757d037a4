import type { Operation, Service } from '../../core/operation.ts'
import type { TemporaryCredentials } from '../../core/temporary-keys.ts'
import type { StsContext } from './context.ts'
import { face } from './door.ts'
import * as operations from './operations/index.ts'

export type StsService = Service<StsContext> & { stop(): Promise<void> }

/** The Security Token Service: who am I, and temporary keys. */
export function openSts(credentials: TemporaryCredentials): StsService {
  return {
    ...face,
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context: { credentials },
    guard: {
      areTrustPolicies: true,
      policyOf: (arn) => credentials.role(arn)?.trustPolicy,
      tagsOf: (arn) => credentials.role(arn)?.tags,
    },
    async stop() {},
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<StsContext, any>
