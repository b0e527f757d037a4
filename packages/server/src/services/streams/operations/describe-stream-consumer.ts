import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { consumerOf, consumerReference, consumerResource, consumerView } from '../consumer-reference.ts'
import type { StreamsContext } from '../context.ts'
import { streamArnOf } from '../members.ts'

export const describeStreamConsumer = operation({
  name: 'DescribeStreamConsumer',
  input: structure({ ...consumerReference }),
  resource: consumerResource,
  rate: { perSecond: 20, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const consumer = consumerOf(context, input)
    const StreamARN = streamArnOf(context, { name: consumer.streamName })
    return { ConsumerDescription: { ...consumerView(context, consumer), StreamARN } }
  },
})
