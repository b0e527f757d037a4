import type { StreamsContext } from './context.ts'

/** Finishes what waits for its time: streams and consumers that pass from one state to the next, expired shards. */
export class Lifecycle {
  constructor(_context: StreamsContext) {}

  start(): void {}

  async stop(): Promise<void> {}
}
