import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { checkWarmThroughput } from '../capacity-checks.ts'
import type { StreamsContext } from '../context.ts'
import { streamArnOf, streamNameOf, streamReference, streamResource, warmThroughput } from '../members.ts'
import { changeSettings } from '../stream-settings.ts'
import { warmThroughputView } from '../warm-throughput.ts'

export const updateStreamWarmThroughput = operation({
  name: 'UpdateStreamWarmThroughput',
  input: structure({ ...streamReference, WarmThroughputMiBps: warmThroughput }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const stream = await changeSettings(context, streamNameOf(context, input), ({ mode }) => {
      checkWarmThroughput(context, mode, input.WarmThroughputMiBps)
      return { warmThroughputMiBps: input.WarmThroughputMiBps }
    })
    return {
      StreamARN: streamArnOf(context, stream),
      StreamName: stream.name,
      WarmThroughput: warmThroughputView(context, stream),
    }
  },
})
