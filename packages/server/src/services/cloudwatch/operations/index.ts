export * from './get-metric-data.ts'
export * from './get-metric-statistics.ts'
export * from './list-metrics.ts'
export * from './put-metric-data.ts'
