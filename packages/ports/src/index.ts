export { anySignal } from './any-signal.ts'
export { type Clock, foregroundClock, ManualClock, systemClock } from './clock.ts'
export {
  CloudWatchMetrics,
  type CloudWatchMetricsOptions,
  type MetricDataSink,
  type MetricDatum,
} from './cloudwatch-metrics.ts'
export { type DataKey, type KeyContext, type KeyProvider, KeyUnavailableError } from './key-provider.ts'
export { type KmsDataKeys, KmsKeys, type KmsKeysOptions } from './kms-keys.ts'
export { LocalKeys, type LocalKeysOptions } from './local-keys.ts'
export { type Logger, type LogLevel, silentLogger } from './logger.ts'
export { type Dimensions, type MetricRecorder, type MetricUnit, noMetrics, type StatisticSet } from './metrics.ts'
export { fractionOf, type Random, systemRandom } from './random.ts'
