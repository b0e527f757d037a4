export { type Clock, type Logger, type LogLevel, ManualClock, type Random, systemClock } from '@millrace/ports'
export type { FaultRules } from './gateway/faults.ts'
export { type Millrace, type MillraceOptions, startMillrace } from './main.ts'
export type { StreamsLimits } from './services/streams/limits.ts'
