import type { CompressionLane } from '@millrace/formats'
import { ManualClock, systemRandom } from '@millrace/ports'
import type { Outbound } from '../../../core/ports/outbound.ts'
import { withObjects } from '../../../core/rows-fixture.ts'
import { parseInput } from '../../../core/shapes.ts'
import { openMemory } from '../../../storage/memory/open.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { FirehoseParts } from '../context.ts'
import { awsFirehoseLimits } from '../limits.ts'
import { openFirehose } from '../service.ts'

/** Where a process that ended, and the next one, find what was kept. */
export type Kept = { readonly clock: ManualClock; readonly storage: Storage; readonly objects: Map<string, string> }

/** All of Firehose before a network that a test makes, on a clock that stands still: hours pass in milliseconds. */
export class FirehoseInMemory {
  readonly kept: Kept
  /** Sum by metric. */
  readonly metrics = new Map<string, number>()
  readonly lines: { readonly message: string; readonly facts: unknown }[] = []
  /** While it is true, no bucket takes anything. */
  isBucketDown = false
  /** While it is true, no bucket answers. */
  isBucketSilent = false
  readonly #service: ReturnType<typeof openFirehose>

  /** @param more what it has beside this, or in place of it: keys, secrets, functions */
  constructor(outbound: Outbound, kept?: Kept, more: Partial<FirehoseParts> = {}) {
    const clock = kept?.clock ?? new ManualClock()
    this.kept = kept ?? { clock, storage: openMemory({ clock }), objects: new Map() }
    const { catalog, log } = this.kept.storage
    this.#service = openFirehose({
      ...{ clock, catalog, log, outbound, random: systemRandom, limits: awsFirehoseLimits },
      // Nothing asks these here. They are named, so that one that comes new is not forgotten.
      ...{ streams: unused, tables: unused, functions: unused, pollMs: 0, channelMetrics: unused },
      channels: { all: () => [], find: () => undefined, watch: () => () => {} },
      place: { accountId: '000000000000', region: 'us-east-1' },
      logger: { log: (_, message, facts) => void this.lines.push({ message, facts }) },
      objects: {
        put: async (bucket, key, parts, _headers, signal) => {
          if (this.isBucketSilent) await aborted(signal)
          if (this.isBucketDown) throw new Error('the bucket is down')
          this.kept.objects.set(`${bucket}/${key}`, Buffer.concat(parts).toString())
        },
      },
      metrics: {
        record: (metric, _, value) => void this.metrics.set(metric, (this.metrics.get(metric) ?? 0) + value),
        forget() {},
      },
      logEvents: undefined,
      backlogBytesMax: Number.POSITIVE_INFINITY,
      transitionMs: 50,
      anyEndpoint: false,
      ...more,
    })
  }

  get clock(): ManualClock {
    return this.kept.clock
  }

  /** Where all objects are compressed. */
  get compressions(): CompressionLane {
    return this.#service.context.compressions
  }

  /** Calls an operation as a client does that speaks JSON, but for blobs, which are texts here. */
  async call(name: string, input: object): Promise<Record<string, unknown>> {
    const { context, operations } = this.#service
    const { handle, input: shape } = operations.get(name)!
    const wire = { blob: (value: unknown) => Buffer.from(value as string), timestamp: () => new Date(0) }
    const signal = new AbortController().signal
    const caller = { accountId: '000000000000', accessKeyId: 'any' }
    const output = await handle(context, parseInput(shape, input, wire), { requestId: 'r', caller, signal })
    return withObjects(output) as never
  }

  /** Makes a delivery stream, and waits until it is ACTIVE. */
  async create(DeliveryStreamName: string, destination: object): Promise<void> {
    await this.call('CreateDeliveryStream', { DeliveryStreamName, ...destination })
    await this.clock.advance(100)
  }

  async put(DeliveryStreamName: string, ...texts: readonly string[]): Promise<string[]> {
    const Records = texts.map((Data) => ({ Data }))
    const { RequestResponses } = await this.call('PutRecordBatch', { DeliveryStreamName, Records })
    return (RequestResponses as { RecordId: string }[]).map(({ RecordId }) => RecordId)
  }

  /** The lines of the objects whose key begins so, in the order in which they were put. */
  linesUnder(prefix: string): string[] {
    const found = [...this.kept.objects].filter(([key]) => key.startsWith(prefix))
    return found.flatMap(([, text]) => text.split('\n').filter((line) => line !== ''))
  }

  async stop(): Promise<void> {
    await this.#service.stop()
  }
}

const unused = undefined as never

const aborted = (signal: AbortSignal | undefined) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** The bucket that each destination has beside it. */
export const backupBucket = {
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  BucketARN: 'arn:aws:s3:::backup',
  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
}
