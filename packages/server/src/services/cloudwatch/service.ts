import type { Operation, Service } from '../../core/operation.ts'
import type { CloudWatchContext, CloudWatchParts } from './context.ts'
import * as operations from './operations/index.ts'
import { OwnMetrics } from './own-metrics.ts'
import { PointStore } from './point-store.ts'

export type CloudWatchService = Service<CloudWatchContext> & {
  /** Writes what was put, and what was counted, since the last minute. */
  stop(): Promise<void>
}

/** CloudWatch's metrics on a storage. */
export function openCloudWatch({ sources, clock, ...parts }: CloudWatchParts): CloudWatchService {
  // At the beginning of a minute what was counted belongs to the one before.
  const beforeWriting = () => own.collect(clock.nowMs() - 1)
  const store = new PointStore({ ...parts, clock, beforeWriting })
  const own = new OwnMetrics(sources, store)
  for (const source of sources.values()) source.listen(() => store.plan())
  return {
    name: 'monitoring',
    targetPrefix: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    actionPrefix: 'cloudwatch',
    errorPrefix: 'com.amazonaws.cloudwatch.v2010_08_01#',
    gzip: true,
    query: {
      version: '2010-08-01',
      xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
      errorCodes: new Map([
        ['InvalidParameterValueException', 'InvalidParameterValue'],
        ['InvalidParameterCombinationException', 'InvalidParameterCombination'],
        ['MissingRequiredParameterException', 'MissingParameter'],
        ['LimitExceededException', 'LimitExceeded'],
        ['InternalFailure', 'InternalServiceError'],
      ]),
    },
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context: { clock, store, own },
    async stop() {
      own.collect(clock.nowMs())
      await store.stop()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<CloudWatchContext, any>
