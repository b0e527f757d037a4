import type { DestinationSettings } from './settings/settings.ts'

/** A delivery stream as the catalog keeps it: one value, changed as a whole. */
export type DeliveryStream = {
  readonly name: string
  readonly createdMs: number
  readonly updatedMs?: number | undefined
  /** Rises with each UpdateDestination; it stands in the keys of objects. */
  readonly version: number
  readonly status: 'CREATING' | 'CREATING_FAILED' | 'ACTIVE' | 'DELETING' | 'DELETING_FAILED'
  readonly source: DeliverySource
  readonly destinationId: string
  readonly destination: DestinationSettings
  readonly tags: readonly { readonly Key: string; readonly Value?: string | undefined }[]
  /** Absent: what is put is not encrypted. */
  readonly encryption?: DeliveryStreamEncryption | undefined
  /** Data keys before that one, whose records may still wait. */
  readonly retiredKeys?: readonly { readonly dataKey: number; readonly retiredMs: number }[] | undefined
  /** When encryption was begun or ended within a day: what its quota counts. */
  readonly encryptionUpdatesMs?: readonly number[] | undefined
  /** Why it is CREATING_FAILED. */
  readonly failure?: DeliveryStreamFailure | undefined
  /** What is to be done at its time; see lifecycle.ts. */
  readonly pending?: { readonly kind: 'create' | 'delete' | 'encrypt' | 'renew'; readonly dueMs: number } | undefined
}

/** How what was put waits. */
export type DeliveryStreamEncryption = {
  readonly status: 'DISABLED' | 'DISABLING' | 'ENABLED' | 'ENABLING' | 'ENABLING_FAILED'
  /** What was asked for last, also if it failed. */
  readonly key: MasterKeyChoice
  /** What its log is sealed by, under `sealedUnder`; a failed change leaves it as it is. */
  readonly dataKey?: number | undefined
  readonly sealedUnder?: MasterKeyChoice | undefined
  readonly failure?: DeliveryStreamFailure | undefined
}

export type MasterKeyChoice =
  | { readonly type: 'AWS_OWNED_CMK' }
  | { readonly type: 'CUSTOMER_MANAGED_CMK'; readonly arn: string }

/** AWS's `FailureDescription`. */
export type DeliveryStreamFailure = { readonly type: string; readonly details: string }

export type DeliverySource =
  | { readonly type: 'DirectPut'; readonly throughputHintMBs?: number | undefined }
  | {
      readonly type: 'KinesisStreamAsSource'
      readonly streamArn: string
      readonly roleArn: string
      /** Records that were in the stream before are not delivered. */
      readonly startMs: number
    }

/** Another for a delivery stream that is made again under its name. Names the log of what is put into it, and its checkpoint. */
export const logIdOf = (stream: Pick<DeliveryStream, 'name' | 'createdMs'>) =>
  `firehose/${stream.name}/${stream.createdMs}`

/**
 * The id of a record that was put: 56 digits, as AWS's functions see them; in order, and never given twice, also not by
 * another delivery stream: indexes know documents by it.
 *
 *   49   created:15 digits   name:10 digits   offset:29 digits
 */
export const recordIdOf = ({ createdMs, name }: Pick<DeliveryStream, 'createdMs' | 'name'>, offset: number) =>
  `49${createdMs.toString().padStart(15, '0')}${nameDigits(name)}${offset.toString().padStart(29, '0')}`

/** FNV-1a of the name: cheap enough for each record. */
function nameDigits(name: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString().padStart(10, '0')
}
