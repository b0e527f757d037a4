import { AwsError, invalidArgument, limitExceeded, validationError } from '../../core/aws-error.ts'
import { type Shard, type Stream, shardIdOf } from './stream.ts'

/*
 * AWS's sentences, each said once. What is recorded from AWS and what is our best knowledge stands in
 * docs/data-streams.md.
 */

const notFound = (message: string) => new AwsError('ResourceNotFoundException', message)
const inUse = (message: string) => new AwsError('ResourceInUseException', message)
const throughputExceeded = (message: string) => new AwsError('ProvisionedThroughputExceededException', message)

export const streamNotFound = (name: string, accountId: string) =>
  notFound(`Stream ${name} under account ${accountId} not found.`)

export const streamAlreadyExists = (name: string, accountId: string) =>
  inUse(`Stream ${name} under account ${accountId} already exists.`)

export const streamNotActive = ({ name, status }: Stream, accountId: string) =>
  inUse(`Stream ${name} under account ${accountId} not ACTIVE, instead in state ${status}`)

/** For what waits for nothing but that a stream is made. */
export const streamNotActiveOrUpdating = ({ name, status }: Stream, accountId: string) =>
  inUse(`Stream ${name} under account ${accountId} not ACTIVE or UPDATING, instead in state ${status}`)

/** For a shard id that cannot be one at all, or names none. */
export const shardNotFound = (shardId: string, name: string, accountId: string) =>
  notFound(`Could not find shard ${shardId} in stream ${name} under account ${accountId}.`)

export const shardDoesNotExist = (shardId: string, name: string, accountId: string) =>
  notFound(`Shard ${shardId} in stream ${name} under account ${accountId} does not exist`)

export const rateExceeded = (shard: Shard, name: string, accountId: string) =>
  throughputExceeded(`Rate exceeded for shard ${shardIdOf(shard.index)} in stream ${name} under account ${accountId}.`)

export const shardLimitExceeded = (
  { accountId, region }: { accountId: string; region: string },
  current: number,
  limit: number,
  additional: number,
) =>
  limitExceeded(
    `This request would exceed the shard limit for the account ${accountId} in ${region}. Current shard count for ` +
      `the account: ${current}. Limit: ${limit}. Number of additional shards that would have resulted from this ` +
      `request: ${additional}. Refer to the AWS Service Limits page ` +
      '(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request ' +
      'higher limits.',
  )

export const invalidIterator = () => invalidArgument('Invalid ShardIterator.')

/* Resharding. */

/** For what only streams with a fixed number of shards allow. */
export const onlyProvisioned = (operation: string, name: string, accountId: string) =>
  validationError(
    `${operation} is only supported for streams in the PROVISIONED capacity mode, and stream ${name} under account ` +
      `${accountId} is in the ON_DEMAND capacity mode.`,
  )

export const shardNotOpen = (shard: Shard, name: string, accountId: string) =>
  invalidArgument(
    `Shard ${shardIdOf(shard.index)} in stream ${name} under account ${accountId} has already been merged or split, ` +
      'and thus is not eligible for merging or splitting.',
  )

export const splitPointOutside = (newStartingHashKey: bigint, shard: Shard, name: string, accountId: string) =>
  invalidArgument(
    `NewStartingHashKey ${newStartingHashKey} used in SplitShard() on shard ${shardIdOf(shard.index)} in stream ` +
      `${name} under account ${accountId} is not both greater than one plus the shard's StartingHashKey ` +
      `${shard.startingHashKey} and less than the shard's EndingHashKey ${shard.endingHashKey}.`,
  )

export const shardsNotAdjacent = (shard: Shard, other: Shard, name: string, accountId: string) =>
  invalidArgument(
    `Shards ${shardIdOf(shard.index)} and ${shardIdOf(other.index)} in stream ${name} under account ${accountId} are ` +
      'not an adjacent pair of shards eligible for merging',
  )

const counts = (current: number, target: number) =>
  `Current open shard count: ${current}, Target shard count: ${target}`

export const targetAboveStreamMax = (max: number, current: number, target: number) =>
  limitExceeded(`Target shard count or number of open shards cannot be greater than ${max}. ${counts(current, target)}`)

export const targetAboveDouble = (current: number, target: number) =>
  limitExceeded(
    `UpdateShardCount cannot scale up over double your current open shard count. ${counts(current, target)}`,
  )

export const targetBelowHalf = (current: number, target: number) =>
  limitExceeded(
    `UpdateShardCount cannot scale down below half your current open shard count. ${counts(current, target)}`,
  )

export const countUpdatedTooOften = (name: string, perDay: number) =>
  limitExceeded(`UpdateShardCount cannot be called on stream ${name} more than ${perDay} times in 24 hours.`)

/* Paging. */

export const invalidNextToken = () => invalidArgument('Invalid NextToken.')

export const expiredNextToken = () =>
  new AwsError('ExpiredNextTokenException', 'The NextToken has expired: it can be used for 300 seconds.')

/* Streams and the account. */

export const tooManyCreating = (accountId: string, max: number) =>
  limitExceeded(
    `Rate exceeded for account ${accountId}: no more than ${max} streams can be in the CREATING state at any time.`,
  )

export const tooManyOnDemand = (accountId: string, max: number) =>
  limitExceeded(`This request would exceed the on-demand stream limit for the account ${accountId}. Limit: ${max}.`)

export const warmThroughputNeedsCommitment = () =>
  validationError(
    'Warm throughput can be set only in accounts whose MinimumThroughputBillingCommitment is ENABLED: see ' +
      'UpdateAccountSettings.',
  )

/* Consumers. */

export const consumerNotFound = (consumer: string, accountId: string) =>
  notFound(`Consumer ${consumer} under account ${accountId} not found.`)

type NamedConsumer = { readonly createdAtMs: number; readonly name: string; readonly streamName: string }

const withCreation = ({ createdAtMs, name }: NamedConsumer) =>
  `Consumer ${name} with creation timestamp ${Math.floor(createdAtMs / 1000)}`

/** As AWS says it where a policy is put. */
export const consumerNotInActiveStatus = (consumer: NamedConsumer, accountId: string) =>
  inUse(
    `${withCreation(consumer)} under stream ${consumer.streamName} and account ${accountId} is not in ACTIVE status.`,
  )

/** As AWS says it to who subscribes, with its blank before the comma. */
export const consumerNotReady = (consumer: NamedConsumer, accountId: string) =>
  inUse(
    `${withCreation(consumer)} under stream: ${consumer.streamName} , account ${accountId} is not in ACTIVE status.`,
  )

/** Clients know it by AWS's words up to the colon. */
export const subscribedTooSoon = (consumerArn: string, shard: Shard) =>
  inUse(
    `Another active subscription exists for this consumer: ${consumerArn} on ${shardIdOf(shard.index)}. A new one may ` +
      'take over 5 seconds after it began.',
  )

export const subscriptionTakenOver = (consumerArn: string, accountId: string) =>
  inUse(`Another subscription of consumer ${consumerArn} under account ${accountId} has taken over.`)

/* Resource policies. */

export const invalidPolicy = (reason: string) => invalidArgument(`Policy validation error: ${reason}`)

export const policyNotFound = (resourceArn: string) =>
  notFound(`No resource policy found for resource ARN ${resourceArn}.`)

/* Retention. */

export const retentionIncreaseRefused = (hours: number, { name, retentionHours }: Stream) =>
  invalidArgument(
    `Requested retention period (${hours} hours) for stream ${name} can not be shorter than existing retention period ` +
      `(${retentionHours} hours). Use DecreaseRetentionPeriod API.`,
  )

export const retentionDecreaseRefused = (hours: number, { name, retentionHours }: Stream) =>
  invalidArgument(
    `Requested retention period (${hours} hours) for stream ${name} can not be longer than existing retention period ` +
      `(${retentionHours} hours). Use IncreaseRetentionPeriod API.`,
  )

/* Channels. The sentences are ours. */

export const channelNotFound = (channelArn: string, accountId: string) =>
  notFound(`Channel ${channelArn} under account ${accountId} not found.`)

export const cannotAssumeRole = (roleArn: string) =>
  invalidArgument(`The service is unable to assume role ${roleArn}. Please check the role provided.`)

export const channelAlreadyExists = (name: string, accountId: string) =>
  inUse(`Channel ${name} under account ${accountId} already exists.`)

export const channelNotActive = (channelArn: string, status: string, accountId: string) =>
  inUse(`Channel ${channelArn} under account ${accountId} not ACTIVE, instead in state ${status}`)

export const notOnDemand = (name: string, accountId: string) =>
  validationError(
    `CreateChannel is only supported for streams in the ON_DEMAND capacity mode, and stream ${name} under account ` +
      `${accountId} is in the PROVISIONED capacity mode.`,
  )

export const tooManyChannels = (name: string, accountId: string, max: number) =>
  limitExceeded(`Stream ${name} under account ${accountId} can have no more than ${max} channel to S3.`)

export const streamHasChannels = (name: string, accountId: string) =>
  inUse(`Stream ${name} under account ${accountId} has channels: delete them first.`)

export const noTablesForFormat = (format: string) =>
  invalidArgument(`The record format ${format} is for channels to S3 Tables only.`)

export const freshnessOutside = (seconds: number, min: number, max: number) =>
  invalidArgument(`DataFreshnessInSeconds must be from ${min} to ${max}, not ${seconds}.`)

export const nobodyDelivers = () => invalidArgument('This server delivers no channels.')
