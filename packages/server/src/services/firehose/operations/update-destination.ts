import { invalidArgument } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import { checkRoles, deliveryStreamResource, needOn, rolesPassed } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { checkTable } from '../conversion/table-check.ts'
import { planOf } from '../delivery/plan.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { checkSecrets, withOpenSecrets, withSealedSecrets } from '../destination-secrets.ts'
import { deliveryStreamBusy, versionMismatch } from '../faults.ts'
import { destinationUpdates, updatedDestination } from '../settings/destination-input.ts'
import { deliveryStreamName } from '../settings/members.ts'
import { checkQuery } from '../transforms/partitioning/to-partitioning.ts'

export const updateDestination = operation({
  name: 'UpdateDestination',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    CurrentDeliveryStreamVersionId: string({ min: 1, max: 50, pattern: '[0-9]+' }),
    DestinationId: string({ min: 1, max: 100, pattern: '[a-zA-Z0-9-]+' }),
    ...destinationUpdates,
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  needs: (input, context: FirehoseContext) => [needOn(context, 'UpdateDestination', input), ...rolesPassed(input)],
  async handle(context: FirehoseContext, input) {
    const { anyEndpoint, clock, deliveryStreams, place } = context
    const { CurrentDeliveryStreamVersionId: version, DestinationId } = input
    const checkedVersion = (stream: DeliveryStream): DeliveryStream => {
      if (stream.status !== 'ACTIVE') throw deliveryStreamBusy(stream.name, place.accountId, stream.status)
      if (version !== `${stream.version}`) throw versionMismatch(stream.name, version, stream.version)
      if (DestinationId !== stream.destinationId) throw invalidArgument(`Destination Id ${DestinationId} not found`)
      return stream
    }
    const stream = checkedVersion(deliveryStreams.get(input.DeliveryStreamName))
    const opened = await withOpenSecrets(context.secrets, stream)
    const destination = updatedDestination(opened.destination, input, anyEndpoint)
    await checkSecrets({ ...stream, destination })
    planOf(context, { ...opened, destination, version: stream.version + 1 }) // what cannot be delivered to is refused now
    checkRoles(context, input)
    await checkTable(context, { name: stream.name, destination })
    await checkQuery(destination.settings.ProcessingConfiguration)
    const sealed = await withSealedSecrets(context.secrets, { ...stream, destination })
    await deliveryStreams.update(input.DeliveryStreamName, (newest) => {
      const { version: before } = checkedVersion(newest)
      if (newest.createdMs !== stream.createdMs) throw versionMismatch(stream.name, version, before)
      return { ...newest, destination: sealed.destination, version: before + 1, updatedMs: clock.nowMs() }
    })
    return {}
  },
})
