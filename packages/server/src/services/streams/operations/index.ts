export * from './describe-stream-summary.ts'
export * from './merge-shards.ts'
export * from './split-shard.ts'
