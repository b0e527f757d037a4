import type { StreamsContext } from './context.ts'
import type { Stream } from './stream.ts'

/** What an on-demand stream was asked to be ready for, and what its open shards take now, in MiB/s. */
export function warmThroughputView({ limits }: Pick<StreamsContext, 'limits'>, stream: Stream) {
  const target = stream.warmThroughputMiBps ?? 0
  const shardMiBps = limits.shardBytesInPerSecond / (1024 * 1024)
  return {
    TargetMiBps: target,
    CurrentMiBps: Math.min(target, Math.floor(stream.shardMap.openShards.length * shardMiBps)),
  }
}
