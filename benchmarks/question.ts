import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningServer } from './servers.ts'
import { call } from './wire.ts'

/** One question of the benchmarks. */
export type Question = {
  readonly name: string
  readonly asks: string
  /** What the figures are; a row for each. */
  readonly figures: readonly Figure[]
  /** Those that are asked besides Millrace. */
  readonly peers: readonly Peer[]
  /** Measures a fresh server: a value for each figure; undefined where the server cannot do it. */
  readonly measure: (server: RunningServer, effort: Effort) => Promise<Values>
  /** The same from what bounds Millrace: a server that does nothing, the disk alone. */
  readonly roofline?: (effort: Effort) => Promise<Values>
  /** The same of what is no Kinesis. */
  readonly elsewhere?: Readonly<Partial<Record<Elsewhere, (effort: Effort) => Promise<Values>>>>
  /** For a question that takes long and varies little. @default as many as asked for */
  readonly roundsMax?: number
}

export type Peer = 'kinesalite' | 'kinesis-local'
/**
 * What is no Kinesis. Apache Kafka is asked by its own tools; as it comes, and with a sync before an answer. Telegraf takes
 * lines over HTTP, and writes them into a file.
 */
export type Elsewhere = 'Kafka' | 'Kafka with flush.messages=1' | 'Telegraf'
export type Column = 'Millrace' | 'roofline' | Peer | Elsewhere
export type Values = readonly (number | undefined)[]

/** How long to load, in whole seconds; and how much a stream holds where it is asked whether that matters. */
export type Effort = {
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly quick: boolean
  readonly gigabytes: number
}

export type Figure = {
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly must?: readonly Requirement[]
}

/** What issue 3 asks of a figure. */
export type Requirement = {
  readonly text: string
  readonly holds: (reached: number) => boolean
  /** What is held against the bound, of one round; undefined where something was not measured. */
  readonly reached: (measured: Measured) => number | undefined
  /** The reached value in words. */
  readonly shown: (reached: number) => string
}

/** What a round measured, of any figure asked in this run. */
export type Measured = (column: Column, title: string) => number | undefined

/** Held against the same figure of another column. */
export function ratioTo(column: Column, title: string, min: number, name: string = column): Requirement {
  const isMany = min > 1
  return {
    text: isMany ? `≥ ${min} × ${name}` : `≥ ${min} of ${name}`,
    holds: (ratio) => ratio >= min,
    reached: (measured) => quotient(measured('Millrace', title), measured(column, title)),
    shown: (ratio) => (isMany ? `${ratio.toFixed(1)} ×` : ratio.toFixed(3)),
  }
}

/** Held against another figure of Millrace. */
export function ratioWithin(title: string, other: string, min: number, text: string): Requirement {
  return {
    text,
    holds: (ratio) => ratio >= min,
    reached: (measured) => quotient(measured('Millrace', title), measured('Millrace', other)),
    shown: (ratio) => ratio.toFixed(2),
  }
}

export function atMost(title: string, max: number, unit: string): Requirement {
  return {
    text: `≤ ${max} ${unit}`,
    holds: (value) => value <= max,
    reached: (measured) => measured('Millrace', title),
    shown: (value) => `${value.toFixed(1)} ${unit}`,
  }
}

export function atLeast(title: string, min: number, unit: string): Requirement {
  return {
    text: `≥ ${min.toLocaleString('en')} ${unit}`,
    holds: (value) => value >= min,
    reached: (measured) => measured('Millrace', title),
    shown: (value) => `${Math.round(value).toLocaleString('en')} ${unit}`,
  }
}

const quotient = (a: number | undefined, b: number | undefined) => (a === undefined || !b ? undefined : a / b)

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
