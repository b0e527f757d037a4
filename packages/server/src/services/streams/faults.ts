import { AwsError, invalidArgument, limitExceeded } from '../../core/aws-error.ts'
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
