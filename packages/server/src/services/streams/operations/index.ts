export * from './describe-stream-summary.ts'
