import { validationError } from '../../../core/aws-error.ts'
import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { integer, optional, structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import { checkDistribution, checkOnDemandRoom, checkWarmThroughput } from '../capacity-checks.ts'
import type { StreamsContext } from '../context.ts'
import { streamAlreadyExists, tooManyCreating } from '../faults.ts'
import {
  distributionStrategy,
  maxRecordSizeKiB,
  streamModeDetails,
  streamName,
  streamResource,
  tagMap,
  warmThroughput,
} from '../members.ts'
import { onDemandShardCount } from '../on-demand.ts'
import { checkShardRoom } from '../reshard-checks.ts'
import { uniformRanges } from '../shard-map.ts'
import { makeStream } from '../stream.ts'
import { checkTagCount, checkTags } from '../tags.ts'

/** Streams of an account that may be CREATING at once. */
const creatingMax = 5

const mebibyte = 1024 * 1024

export const createStream = operation({
  name: 'CreateStream',
  input: structure({
    StreamName: streamName,
    ShardCount: optional(integer({ min: 1, max: 100_000 })),
    StreamModeDetails: optional(streamModeDetails),
    Tags: optional(tagMap),
    WarmThroughputMiBps: optional(warmThroughput),
    MaxRecordSizeInKiB: optional(maxRecordSizeKiB),
    RecordDistributionStrategy: optional(distributionStrategy),
  }),
  resource: streamResource,
  needs(input, context: StreamsContext) {
    const resource = streamResource(input, context)
    const keys = requestTagKeys(input.Tags ?? [])
    const create = needOn(context, 'CreateStream', resource, keys)
    return keys.size === 0 ? [create] : [create, needOn(context, 'AddTagsToStream', resource, keys)]
  },
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, place, random, streams } = context
    const mode = input.StreamModeDetails?.StreamMode ?? 'PROVISIONED'
    if (mode === 'PROVISIONED' && input.ShardCount === undefined)
      throw validationError('ShardCount must be provided for streams in the PROVISIONED capacity mode.')
    if (mode === 'ON_DEMAND' && input.ShardCount !== undefined)
      throw validationError('ShardCount must not be provided for streams in the ON_DEMAND capacity mode.')
    checkWarmThroughput(context, mode, input.WarmThroughputMiBps)
    checkDistribution(mode, input.RecordDistributionStrategy)
    const tags = input.Tags ?? new Map<string, string>()
    checkTags(tags)
    checkTagCount(tags.size, `stream ${input.StreamName}`, place.accountId)
    const shardCount = input.ShardCount ?? shardCountOnDemand(context, input.WarmThroughputMiBps ?? 0)
    await streams.inTurn(async () => {
      if (streams.find(input.StreamName)) throw streamAlreadyExists(input.StreamName, place.accountId)
      if (streams.all().filter(({ status }) => status === 'CREATING').length >= creatingMax)
        throw tooManyCreating(place.accountId, creatingMax)
      if (mode === 'ON_DEMAND') checkOnDemandRoom(context)
      checkShardRoom(context, shardCount)
      const createdAtMs = clock.nowMs()
      await streams.create(
        makeStream({
          id: random.uuid(),
          name: input.StreamName,
          createdAtMs,
          status: 'CREATING',
          mode,
          shards: uniformRanges(shardCount).map((range, index) => ({ index, ...range, createdAtMs })),
          retentionHours: 24,
          tags,
          shardLevelMetrics: [],
          maxRecordSizeKiB: input.MaxRecordSizeInKiB ?? 1024,
          ...(input.WarmThroughputMiBps !== undefined && { warmThroughputMiBps: input.WarmThroughputMiBps }),
          distributionStrategy: input.RecordDistributionStrategy ?? 'USER_PARTITION_KEY',
          pending: { kind: 'create', dueAtMs: createdAtMs + durations.createMs },
          countUpdatesMs: [],
          modeUpdatesMs: [],
        }),
      )
    })
  },
})

const shardCountOnDemand = ({ limits }: StreamsContext, warmMiBps: number) =>
  Math.max(onDemandShardCount, Math.ceil((warmMiBps * mebibyte) / limits.shardBytesInPerSecond))
