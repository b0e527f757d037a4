import { operation } from '../../../core/operation.ts'
import { enumeration, structure } from '../../../core/shapes.ts'
import { commitmentView, setCommitment } from '../account-settings.ts'
import type { StreamsContext } from '../context.ts'

export const updateAccountSettings = operation({
  name: 'UpdateAccountSettings',
  input: structure({
    MinimumThroughputBillingCommitment: structure({ Status: enumeration('ENABLED', 'DISABLED') }),
  }),
  resource: () => undefined,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    await setCommitment(context, input.MinimumThroughputBillingCommitment.Status === 'ENABLED')
    return commitmentView(context)
  },
})
