import { randomBytes, randomUUID } from 'node:crypto'
import { ManualClock, silentLogger } from '@millrace/ports'
import { withObjects } from '../../core/rows-fixture.ts'
import { parseInput, type Wire } from '../../core/shapes.ts'
import { MemoryCatalog } from '../../storage/memory/memory-catalog.ts'
import { MemoryLog } from '../../storage/memory/memory-log.ts'
import { type StreamsParts, shortDurations } from './context.ts'
import { liftedLimits, type StreamsLimits } from './limits.ts'
import { openStreams } from './service.ts'

/** For unit tests: inputs are given as the handler sees them, bytes as Uint8Array, times as Date. */
const asItIs: Wire = { blob: (value) => value as Uint8Array, timestamp: (value) => value as Date }

/**
 * Data Streams in memory, on a clock that the test moves: `call` checks an input as the gateway would and runs the
 * operation. Limits are lifted unless the test brings some.
 */
export async function streamsFixture(options: { limits?: Partial<StreamsLimits>; parts?: Partial<StreamsParts> } = {}) {
  const clock = new ManualClock()
  const counted: { metric: string; dimensions: Readonly<Record<string, string>>; value: number }[] = []
  const parts: StreamsParts = {
    place: { accountId: '000000000000', region: 'us-east-1' },
    clock,
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID() },
    log: new MemoryLog(clock),
    catalog: new MemoryCatalog(),
    metrics: {
      record: (metric, dimensions, value) => void counted.push({ metric, dimensions, value }),
      forget() {},
    },
    logger: silentLogger,
    limits: { ...liftedLimits, ...options.limits },
    durations: shortDurations,
    ...options.parts,
  }
  const service = await openStreams(parts)

  /** Runs an operation; the result is whatever its handler gave, with lists as arrays of objects. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into outputs of every shape
  async function call(name: string, body: unknown, signal = new AbortController().signal): Promise<any> {
    const found = service.operations.get(name)
    if (!found) throw new Error(`there is no operation ${name}`)
    const caller = { accountId: parts.place.accountId, accessKeyId: 'test' }
    const input = parseInput(found.input, body, asItIs)
    return withObjects(await found.handle(service.context, input, { requestId: 'test', caller, signal }))
  }

  /** Makes a stream and waits until it is ACTIVE. */
  async function activeStream(name: string, shardCount = 1): Promise<void> {
    await call('CreateStream', { StreamName: name, ShardCount: shardCount })
    await clock.advance(1000)
  }

  return { ...parts, clock, service, context: service.context, counted, call, activeStream }
}
