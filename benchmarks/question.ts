import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningServer } from './servers.ts'
import { call } from './wire.ts'

/** One question of the benchmarks: a file each. */
export type Question = {
  readonly name: string
  readonly asks: string
  /** What the figures are; a row for each. */
  readonly figures: readonly Figure[]
  /** Measures a fresh server: a value for each figure; undefined where the server cannot do it. */
  readonly measure: (server: RunningServer) => Promise<readonly (number | undefined)[]>
}

export type Figure = { readonly title: string; readonly unit: string; readonly better: 'more' | 'less' }

/** Makes a stream and waits until it takes records. */
export async function createStream(port: number, StreamName: string, ShardCount: number): Promise<void> {
  await call(port, 'CreateStream', { StreamName, ShardCount })
  for (;;) {
    const { StreamDescriptionSummary: summary } = await call<{ StreamDescriptionSummary: { StreamStatus: string } }>(
      port,
      'DescribeStreamSummary',
      { StreamName },
    )
    if (summary.StreamStatus === 'ACTIVE') return
    await sleep(10)
  }
}
