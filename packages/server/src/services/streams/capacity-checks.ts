import { invalidArgument } from '../../core/aws-error.ts'
import { isCommitted } from './account-settings.ts'
import type { StreamsContext } from './context.ts'
import { tooManyOnDemand, warmThroughputNeedsCommitment } from './faults.ts'
import type { DistributionStrategy, StreamMode } from './stream.ts'

/* What on-demand streams may have, and provisioned ones may not. */

/** @throws InvalidArgumentException, unless the stream is on demand and the account committed */
export function checkWarmThroughput(context: StreamsContext, mode: StreamMode, miBps: number | undefined): void {
  if (miBps === undefined) return
  if (mode !== 'ON_DEMAND')
    throw invalidArgument('WarmThroughputMiBps is only supported for streams in the ON_DEMAND capacity mode.')
  if (!isCommitted(context)) throw warmThroughputNeedsCommitment()
}

/** @throws InvalidArgumentException for AUTO on a provisioned stream */
export function checkDistribution(mode: StreamMode, strategy: DistributionStrategy | undefined): void {
  if (strategy !== undefined && mode !== 'ON_DEMAND')
    throw invalidArgument('RecordDistributionStrategy is only supported for streams in the ON_DEMAND capacity mode.')
}

/** @throws LimitExceededException if the account may not have one more on-demand stream */
export function checkOnDemandRoom({ limits, place, streams }: StreamsContext): void {
  const count = streams.all().filter(({ mode }) => mode === 'ON_DEMAND').length
  if (count >= limits.onDemandStreamCountMax) throw tooManyOnDemand(place.accountId, limits.onDemandStreamCountMax)
}
