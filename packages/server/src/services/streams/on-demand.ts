import type { Clock } from '../../core/clock.ts'
import type { StreamsLimits } from './limits.ts'
import type { Shard, Stream } from './stream.ts'

/** The capacity of on-demand streams: what they take, and when their shards are split. */
export class OnDemandCapacity {
  constructor(_clock: Clock, _limits: StreamsLimits) {}

  /** Counts a record that an on-demand stream is offered; false if the stream as a whole may not take it now. */
  admitRecord(_stream: Stream, _shard: Shard, _sizeBytes: number): boolean {
    return true
  }

  /** Forgets a stream that is gone. */
  forget(_stream: Stream): void {}
}
