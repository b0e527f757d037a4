import { enumeration, list } from '../../core/shapes.ts'
import type { StreamsContext } from './context.ts'
import { streamArnOf } from './members.ts'
import type { Stream } from './stream.ts'

/** The metrics that CloudWatch can have for each shard. */
const names = [
  'IncomingBytes',
  'IncomingRecords',
  'OutgoingBytes',
  'OutgoingRecords',
  'WriteProvisionedThroughputExceeded',
  'ReadProvisionedThroughputExceeded',
  'IteratorAgeMilliseconds',
] as const

export const shardLevelMetrics = list(enumeration(...names, 'ALL'), {
  min: 1,
  max: 7,
  memberRule: `[Member must satisfy enum value set: [${[...names, 'ALL'].join(', ')}]]`,
})

/** What was asked for, each once; ALL means every one. */
export const metricNamesOf = (asked: readonly string[]): readonly string[] =>
  asked.includes('ALL') ? names : [...new Set(asked)]

export const monitoringView = (context: StreamsContext, stream: Stream, before: readonly string[]) => ({
  StreamName: stream.name,
  StreamARN: streamArnOf(context, stream),
  CurrentShardLevelMetrics: before,
  DesiredShardLevelMetrics: stream.shardLevelMetrics,
})
