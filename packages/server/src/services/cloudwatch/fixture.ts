import { type Logger, ManualClock, silentLogger } from '@millrace/ports'
import { parseInput } from '../../core/shapes.ts'
import { json } from '../../gateway/protocols/json.ts'
import type { RecordLog } from '../../storage/log.ts'
import { openMemory } from '../../storage/memory/open.ts'
import { MetricStore } from '../../telemetry/metric-store.ts'
import { openCloudWatch } from './service.ts'

/** At half past a minute, so that what is put is some seconds into one. */
export const startMs = Date.UTC(2026, 10, 21, 12, 0, 30)
export const at = (seconds: number) => (startMs - 30_000) / 1000 + seconds

type Test = { after(fn: () => Promise<void>): void }

export type FixtureOptions = { readonly clock?: ManualClock; readonly log?: RecordLog; readonly logger?: Logger }

/** CloudWatch on a storage in memory, with a clock that is moved by hand; calls are as over JSON. */
export async function cloudWatchFixture(t: Test, options: FixtureOptions = {}) {
  const clock = options.clock ?? new ManualClock(startMs)
  const log = options.log ?? (await openMemory({ clock })).log
  const source = new MetricStore()
  const service = openCloudWatch({
    clock,
    log,
    sources: new Map([['AWS/Kinesis', source]]),
    logger: options.logger ?? silentLogger,
  })
  t.after(() => service.stop())
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  const ask = async (name: string, input: object): Promise<any> => {
    const operation = service.operations.get(name)!
    const parsed = parseInput(operation.input, JSON.parse(JSON.stringify(input)), json.wire)
    return operation.handle(service.context, parsed, undefined as never)
  }
  const put = (...MetricData: object[]) => ask('PutMetricData', { Namespace: 'test', MetricData })
  /** Statistics of the test's metric `m`, in order of time. */
  const statistics = async (more: object = {}): Promise<Datapoint[]> => {
    const range = { StartTime: at(-3600), EndTime: at(3600), Period: 60 }
    const asked = { Namespace: 'test', MetricName: 'm', ...range, Statistics: ['Sum'], ...more }
    const { Datapoints } = await ask('GetMetricStatistics', asked)
    return Datapoints.sort((a: Datapoint, b: Datapoint) => +a.Timestamp - +b.Timestamp)
  }
  return { clock, log, source, service, ask, put, statistics }
}

export type Datapoint = { readonly Timestamp: Date; readonly Unit: string } & Readonly<Record<string, unknown>>
