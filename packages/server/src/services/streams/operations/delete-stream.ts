import { AwsError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, optional, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamHasChannels } from '../faults.ts'
import { streamNameOf, streamReference, streamResource } from '../members.ts'
import { changed } from '../stream.ts'

export const deleteStream = operation({
  name: 'DeleteStream',
  input: structure({ ...streamReference, EnforceConsumerDeletion: optional(boolean()) }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { channels, clock, consumers, durations, place, streams } = context
    const name = streamNameOf(context, input)
    // In turn with what registers consumers and makes channels: none comes between the look at them and the change.
    await streams.inTurn(() =>
      streams.update(name, (stream) => {
        if (stream.status === 'DELETING') return stream // as on AWS, asking twice is no mistake
        if (channels.ofStream(stream).length > 0) throw streamHasChannels(name, place.accountId)
        if (consumers.ofStream(stream).length > 0 && !input.EnforceConsumerDeletion)
          throw new AwsError(
            'ResourceInUseException',
            `Stream ${name} under account ${place.accountId} has consumers registered: deregister them first, or set ` +
              'EnforceConsumerDeletion.',
          )
        const dueAtMs = clock.nowMs() + durations.deleteMs
        return changed(stream, { status: 'DELETING', pending: { kind: 'delete', dueAtMs } })
      }),
    )
  },
})
