import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { maxRecordSizeKiB, streamArn, streamId, streamNameOf, streamResource } from '../members.ts'
import { changeSettings } from '../stream-settings.ts'

export const updateMaxRecordSize = operation({
  name: 'UpdateMaxRecordSize',
  input: structure({ StreamARN: optional(streamArn), StreamId: streamId, MaxRecordSizeInKiB: maxRecordSizeKiB }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const name = streamNameOf(context, input)
    await changeSettings(context, name, () => ({ maxRecordSizeKiB: input.MaxRecordSizeInKiB }))
  },
})
