/* The bounds of Lambda: AWS's quotas where it has them. */

/** Payload of a synchronous invocation and its answer, in bytes: 6 MB as AWS counts it. */
export const payloadBytesMax = 6 * 1024 * 1024

/** What AWS says in the error about an answer that is too large. */
export const answerBytesMax = 6_291_556

/** Payload of an asynchronous invocation (AWS: 1 MB since 2025). */
export const eventBytesMax = 1024 * 1024

/** The end of a function's log that `LogType: Tail` gives, in bytes. */
export const logTailBytesMax = 4096

/** A state of a tumbling window above this ends the window early, in bytes of JSON. */
export const windowStateBytesMax = 1024 * 1024

/** Asynchronous invocations that wait, over all functions. Beyond either, more are refused. */
export const queuedEventsMax = 1000
export const queuedEventBytesMax = 64 * 1024 * 1024

/** Records that a shard's delivery holds beyond those that the function has: it reads no further meanwhile. */
export const bufferedRecordsMax = 20_000
export const bufferedBytesMax = 16 * 1024 * 1024

/** Records that all shards' deliveries hold together: above it, each reads in small steps only. */
export const bufferedBytesTotalMax = 256 * 1024 * 1024

/** Event source mappings in all. */
export const mappingCountMax = 1000

/** Patterns of a mapping's FilterCriteria, and their length. */
export const filterCountMax = 10
export const filterLengthMax = 4096
