export { type Clock, foregroundClock, ManualClock, systemClock } from './clock.ts'
export { type Logger, type LogLevel, silentLogger } from './logger.ts'
export { type Dimensions, type MetricRecorder, type MetricUnit, noMetrics } from './metrics.ts'
export { fractionOf, type Random, systemRandom } from './random.ts'
