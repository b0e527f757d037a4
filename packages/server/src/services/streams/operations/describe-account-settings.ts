import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { commitmentView } from '../account-settings.ts'
import type { StreamsContext } from '../context.ts'

export const describeAccountSettings = operation({
  name: 'DescribeAccountSettings',
  input: structure({}),
  resource: () => undefined,
  rate: { perSecond: 5, per: 'account' },
  handle: async (context: StreamsContext) => commitmentView(context),
})
