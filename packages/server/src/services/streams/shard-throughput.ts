import type { Clock } from '../../core/clock.ts'
import type { StreamsLimits } from './limits.ts'
import type { Shard, Stream } from './stream.ts'

/** Who gets ProvisionedThroughputExceeded: what each shard takes and gives each second. */
export class ShardThroughput {
  constructor(_clock: Clock, _limits: StreamsLimits) {}

  /** Takes room for one record of `sizeBytes` (key and data); false if the shard has none left this second. */
  admitRecord(_stream: Stream, _shard: Shard, _sizeBytes: number): boolean {
    return true
  }

  /** Takes one of the shard's calls of GetRecords; false above its calls or while it pays for large answers. */
  admitRead(_stream: Stream, _shard: Shard): boolean {
    return true
  }

  /** Charges what a read gave. */
  chargeRead(_stream: Stream, _shard: Shard, _sizeBytes: number): void {}

  /** Forgets a stream that is gone. */
  forget(_stream: Stream): void {}
}
