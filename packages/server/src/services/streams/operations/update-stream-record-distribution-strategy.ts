import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { checkDistribution } from '../capacity-checks.ts'
import type { StreamsContext } from '../context.ts'
import { distributionStrategy, streamArn, streamId, streamNameOf, streamResource } from '../members.ts'
import { changeSettings } from '../stream-settings.ts'

export const updateStreamRecordDistributionStrategy = operation({
  name: 'UpdateStreamRecordDistributionStrategy',
  input: structure({
    StreamARN: streamArn,
    StreamId: streamId,
    RecordDistributionStrategy: distributionStrategy,
  }),
  resource: streamResource,
  async handle(context: StreamsContext, input) {
    await changeSettings(context, streamNameOf(context, input), ({ mode }) => {
      checkDistribution(mode, input.RecordDistributionStrategy)
      return { distributionStrategy: input.RecordDistributionStrategy }
    })
  },
})
