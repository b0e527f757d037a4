import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import { consumerToBe, consumerView } from '../consumer-reference.ts'
import type { Consumer } from '../consumer-store.ts'
import type { StreamsContext } from '../context.ts'
import { streamNotActiveOrUpdating } from '../faults.ts'
import { consumerName, streamArn, streamOf, streamReference, streamResource, tagMap } from '../members.ts'
import { checkTagCount, checkTags } from '../tags.ts'

export const registerStreamConsumer = operation({
  name: 'RegisterStreamConsumer',
  input: structure({
    StreamARN: streamArn,
    ConsumerName: consumerName,
    StreamId: streamReference.StreamId,
    Tags: optional(tagMap),
  }),
  resource: streamResource,
  needs(input, context: StreamsContext) {
    const resource = streamResource(input, context)
    const keys = requestTagKeys(input.Tags ?? [])
    const register = needOn(context, 'RegisterStreamConsumer', resource, keys)
    if (keys.size === 0 || resource === undefined) return [register]
    return [register, needOn(context, 'TagResource', consumerToBe(resource, input.ConsumerName), keys)]
  },
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { clock, consumers, durations, limits, place, streams } = context
    const tags = input.Tags ?? new Map<string, string>()
    const registered = await streams.inTurn(async () => {
      const stream = streamOf(context, { StreamARN: input.StreamARN })
      if (stream.status === 'CREATING' || stream.status === 'DELETING')
        throw streamNotActiveOrUpdating(stream, place.accountId)
      checkTags(tags)
      checkTagCount(tags.size, `consumer ${input.ConsumerName}`, place.accountId)
      const nowMs = clock.nowMs()
      const consumer: Consumer = {
        name: input.ConsumerName,
        streamId: stream.id,
        streamName: stream.name,
        createdAtMs: nowMs,
        status: 'CREATING',
        dueAtMs: nowMs + durations.consumerMs,
        tags,
      }
      await consumers.register(stream, consumer, limits.consumerCountMax)
      return consumer
    })
    return { Consumer: consumerView(context, registered) }
  },
})
