import { invalidArgument } from '../../../core/aws-error.ts'
import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { enumeration, integer, list, optional, structure } from '../../../core/shapes.ts'
import { checkRoles, checkSourceRole, deliveryStreamResource, needOn, rolesPassed } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { checkTable } from '../conversion/table-check.ts'
import { planOf } from '../delivery/plan.ts'
import type { DeliverySource, DeliveryStream } from '../delivery-stream.ts'
import { deliveryStreamArn } from '../delivery-stream-view.ts'
import { checkSecrets, withSealedSecrets } from '../destination-secrets.ts'
import { masterKeyOf } from '../encryption.ts'
import { encryptionInput } from '../encryption-input.ts'
import {
  deliveryStreamExists,
  kinesisSourceMissing,
  kinesisSourceUnwanted,
  notDeliveredTo,
  onlyDirectPutIsEncrypted,
  sourceStreamNotFound,
  tooManyDeliveryStreams,
} from '../faults.ts'
import { needsToGrant } from '../key-needs.ts'
import { destinationConfigurations, destinationOf } from '../settings/destination-input.ts'
import { deliveryStreamName, kinesisStreamArn, roleArn } from '../settings/members.ts'
import { checkTags, tag, withTags } from '../tags.ts'
import { checkQuery } from '../transforms/partitioning/to-partitioning.ts'

export const createDeliveryStream = operation({
  name: 'CreateDeliveryStream',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    DeliveryStreamType: optional(enumeration('DirectPut', 'KinesisStreamAsSource', 'MSKAsSource', 'DatabaseAsSource')),
    DirectPutSourceConfiguration: optional(structure({ ThroughputHintInMBs: integer({ min: 1, max: 100 }) })),
    KinesisStreamSourceConfiguration: optional(structure({ KinesisStreamARN: kinesisStreamArn, RoleARN: roleArn })),
    DeliveryStreamEncryptionConfigurationInput: optional(encryptionInput),
    ...destinationConfigurations,
    Tags: optional(list(tag, { min: 1, max: 50 })),
    MSKSourceConfiguration: optional(structure({})),
    DatabaseSourceConfiguration: optional(structure({})),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  needs(input, context: FirehoseContext) {
    const keys = requestTagKeys((input.Tags ?? []).map(({ Key, Value = '' }) => [Key, Value]))
    const create = needOn(context, 'CreateDeliveryStream', input, keys)
    const tagged = keys.size === 0 ? [] : [needOn(context, 'TagDeliveryStream', input, keys)]
    const granted = needsToGrant(context, input, input.DeliveryStreamEncryptionConfigurationInput)
    return [create, ...tagged, ...rolesPassed(input), ...granted]
  },
  async handle(context: FirehoseContext, input) {
    const { clock, deliveryStreams, limits, place, streams, transitionMs } = context
    const name = input.DeliveryStreamName
    const createdMs = clock.nowMs()
    const source = sourceOf(input, createdMs)
    const destination = destinationOf(input, context.anyEndpoint)
    checkTags(input.Tags ?? [])
    const tags = withTags([], input.Tags ?? [])
    const encrypted = input.DeliveryStreamEncryptionConfigurationInput
    if (encrypted && source.type !== 'DirectPut') throw onlyDirectPutIsEncrypted(source.type)
    const encryption = encrypted && { status: 'ENABLING' as const, key: masterKeyOf(encrypted) }
    if (deliveryStreams.find(name)) throw deliveryStreamExists(name, place.accountId)
    if (deliveryStreams.all().length >= limits.deliveryStreamCountMax)
      throw tooManyDeliveryStreams(place.accountId, limits.deliveryStreamCountMax)
    const stream: DeliveryStream = {
      name,
      createdMs,
      version: 1,
      status: 'CREATING',
      source,
      destinationId: 'destinationId-000000000001',
      destination,
      tags,
      encryption,
      pending: { kind: 'create', dueMs: createdMs + transitionMs },
    }
    if (source.type === 'KinesisStreamAsSource' && !streams.find(source.streamArn))
      throw sourceStreamNotFound(source.streamArn, place.accountId)
    checkRoles(context, input)
    checkSourceRole(context, name, source)
    await checkSecrets(stream)
    planOf(context, stream) // what cannot be delivered to is refused now
    await checkTable(context, stream)
    await checkQuery(destination.settings.ProcessingConfiguration)
    await deliveryStreams.create(await withSealedSecrets(context.secrets, stream))
    return { DeliveryStreamARN: deliveryStreamArn(place, name) }
  },
})

type SourceInput = {
  readonly DeliveryStreamType?: string | undefined
  readonly DirectPutSourceConfiguration?: { readonly ThroughputHintInMBs: number } | undefined
  readonly KinesisStreamSourceConfiguration?:
    | { readonly KinesisStreamARN: string; readonly RoleARN: string }
    | undefined
  readonly MSKSourceConfiguration?: object | undefined
  readonly DatabaseSourceConfiguration?: object | undefined
}

/** @throws InvalidArgumentException when type and configuration do not belong together */
function sourceOf(input: SourceInput, startMs: number): DeliverySource {
  const { DeliveryStreamType: type = 'DirectPut', KinesisStreamSourceConfiguration: kinesis } = input
  if (type === 'MSKAsSource' || input.MSKSourceConfiguration) throw notDeliveredTo('MSK as a source')
  if (type === 'DatabaseAsSource' || input.DatabaseSourceConfiguration) throw notDeliveredTo('databases as a source')
  if (type === 'KinesisStreamAsSource') {
    if (!kinesis) throw kinesisSourceMissing()
    if (input.DirectPutSourceConfiguration)
      throw invalidArgument('DirectPutSourceConfiguration is for delivery streams of type DirectPut.')
    return { type, streamArn: kinesis.KinesisStreamARN, roleArn: kinesis.RoleARN, startMs }
  }
  if (kinesis) throw kinesisSourceUnwanted()
  return { type: 'DirectPut', throughputHintMBs: input.DirectPutSourceConfiguration?.ThroughputHintInMBs }
}
