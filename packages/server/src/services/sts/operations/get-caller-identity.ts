import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StsContext } from '../context.ts'

/** Who has a valid key may always ask whose it is; no policy is asked, as on AWS. */
export const getCallerIdentity = operation({
  name: 'GetCallerIdentity',
  input: structure({}),
  resource: () => undefined,
  needs: () => [],
  audit: { readOnly: true },
  async handle({ credentials }: StsContext, _input, { caller }) {
    const { arn, id, accountId } = credentials.identityOf(caller)
    return { UserId: id, Account: accountId, Arn: arn }
  },
})
