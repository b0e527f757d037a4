import { type Clock, systemClock } from './clock.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { Dimensions, MetricRecorder, MetricUnit, StatisticSet } from './metrics.ts'

/**
 * What is asked of CloudWatch. `new CloudWatch(...)` of `@aws-sdk/client-cloudwatch` is one; of a `CloudWatchClient` make
 * one with `{ putMetricData: (input) => client.send(new PutMetricDataCommand(input)) }`.
 */
export interface MetricDataSink {
  putMetricData(input: { Namespace: string; MetricData: MetricDatum[] }): Promise<unknown>
}

export type MetricDatum = {
  MetricName: string
  Dimensions: { Name: string; Value: string }[]
  Timestamp: Date
  Unit: MetricUnit
  StatisticValues: { SampleCount: number; Sum: number; Minimum: number; Maximum: number }
}

export type CloudWatchMetricsOptions = {
  /** KPL's is `KinesisProducerLibrary`, KCL's the application's name, the agent's `AWSKinesisAgent`. */
  readonly namespace: string
  /** How often what was counted is sent, in milliseconds. @default 60000 */
  readonly uploadDelayMs?: number
  /** Added to the dimensions of every metric. @default none */
  readonly dimensions?: Dimensions
  /** @default the machine's, which keeps no process alive: `close` sends the rest */
  readonly clock?: Clock
  /** Told when CloudWatch cannot be reached. @default nobody */
  readonly logger?: Logger
}

/** Data in one PutMetricData; AWS takes a thousand, and a megabyte. */
const dataInCallMax = 500

/** Metrics counted at the same time. Above it, new ones are left out until the next upload. */
const seriesMax = 20_000

/** Data that wait for CloudWatch to come back; the oldest go first. */
const waitingMax = 20_000

type Series = { -readonly [K in keyof StatisticSet]: number } & {
  readonly metric: string
  readonly dimensions: Dimensions
  readonly unit: MetricUnit
}

/**
 * Sums up observations by metric and dimensions, and sends them to CloudWatch as statistic sets. Counting never fails and
 * never waits; what cannot be sent is kept for the next time, up to a bound.
 */
export class CloudWatchMetrics implements MetricRecorder {
  readonly #sink: MetricDataSink
  readonly #namespace: string
  readonly #uploadDelayMs: number
  readonly #dimensions: Dimensions
  readonly #clock: Clock
  readonly #logger: Logger
  #series = new Map<string, Series>()
  #waiting: MetricDatum[] = []
  #leftOut = 0
  #uploading: Promise<void> | undefined
  #stopTimer: (() => void) | undefined
  #isClosed = false

  constructor(sink: MetricDataSink, options: CloudWatchMetricsOptions) {
    this.#sink = sink
    this.#namespace = options.namespace
    this.#uploadDelayMs = options.uploadDelayMs ?? 60_000
    this.#dimensions = options.dimensions ?? {}
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger ?? silentLogger
    this.#schedule()
  }

  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void {
    this.#add(metric, dimensions, unit, 1, value, value, value)
  }

  recordSet(metric: string, dimensions: Dimensions, set: StatisticSet, unit: MetricUnit): void {
    if (set.count > 0) this.#add(metric, dimensions, unit, set.count, set.sum, set.minimum, set.maximum)
  }

  /** Sends what was counted until now. Never rejects: what could not be sent waits for the next time. */
  async flush(): Promise<void> {
    while (this.#uploading) await this.#uploading
    this.#uploading = this.#upload().finally(() => {
      this.#uploading = undefined
    })
    await this.#uploading
  }

  /** Sends the rest, and counts no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopTimer?.()
    await this.flush()
  }

  #add(
    metric: string,
    dimensions: Dimensions,
    unit: MetricUnit,
    count: number,
    sum: number,
    minimum: number,
    maximum: number,
  ): void {
    // One value that is no number would make CloudWatch refuse its neighbours.
    if (this.#isClosed || !Number.isFinite(sum)) return
    let key = `${metric}\n${unit}`
    for (const name in dimensions) key += `\n${name}\n${dimensions[name]}`
    const series = this.#series.get(key)
    if (series) {
      series.count += count
      series.sum += sum
      series.minimum = Math.min(series.minimum, minimum)
      series.maximum = Math.max(series.maximum, maximum)
    } else if (this.#series.size < seriesMax) {
      this.#series.set(key, { metric, dimensions, unit, count, sum, minimum, maximum })
    } else this.#leftOut++
  }

  #schedule(): void {
    this.#stopTimer = this.#clock.after(this.#uploadDelayMs, () => {
      void this.flush().then(() => {
        if (!this.#isClosed) this.#schedule()
      })
    })
  }

  async #upload(): Promise<void> {
    this.#gather()
    while (this.#waiting.length > 0) {
      const data = this.#waiting.slice(0, dataInCallMax)
      try {
        await this.#sink.putMetricData({ Namespace: this.#namespace, MetricData: data })
      } catch (error) {
        this.#logger.log('warn', 'metrics could not be sent to CloudWatch', {
          error: String(error),
          waiting: this.#waiting.length,
        })
        return
      }
      this.#waiting.splice(0, data.length)
    }
  }

  /** Makes data of what was counted. */
  #gather(): void {
    const Timestamp = new Date(this.#clock.nowMs())
    for (const { metric, dimensions, unit, count, sum, minimum, maximum } of this.#series.values())
      this.#waiting.push({
        MetricName: metric,
        Dimensions: Object.entries({ ...this.#dimensions, ...dimensions }).map(([Name, Value]) => ({ Name, Value })),
        Timestamp,
        Unit: unit,
        StatisticValues: { SampleCount: count, Sum: sum, Minimum: minimum, Maximum: maximum },
      })
    this.#series = new Map()
    const surplus = this.#waiting.length - waitingMax
    if (surplus > 0) this.#waiting.splice(0, surplus)
    if (surplus > 0 || this.#leftOut > 0)
      this.#logger.log('warn', 'metrics were left out', { tooMany: this.#leftOut, tooOld: Math.max(0, surplus) })
    this.#leftOut = 0
  }
}
