import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Dimensions } from '@millrace/ports'
import { parseInput, type Wire } from '../../core/shapes.ts'
import { streamsFixture } from '../streams/fixture.ts'
import type { StreamsLimits } from '../streams/limits.ts'
import type { LambdaParts } from './context.ts'
import { functionDefinitions } from './functions/function-definition.ts'
import type { InvocationResult } from './functions/invocation.ts'
import { openLambda } from './service.ts'

const asItIs: Wire = { blob: (value) => value as Uint8Array, timestamp: (value) => value as Date }

/** What a function of a test got, as it was told. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
export type Event = any

/** A function of a test: its answer, or an error that it throws. */
export type Handler = (event: Event, call: number) => unknown

export const place = { accountId: '000000000000', region: 'us-east-1' }
export const arnOf = (stream: string) => `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`

/** The data of an event's records, as texts. */
export const dataOf = (event: Event): string[] =>
  event.Records.map(({ kinesis }: Event) => Buffer.from(kinesis.data, 'base64').toString())

/**
 * Data Streams with a stream `s` and Lambda with a function `f` in memory, on a clock that the test moves. The function is
 * code of the test, and what it got is kept.
 */
export async function lambdaFixture(
  t: Pick<TestContext, 'after'>,
  options: { shardCount?: number; limits?: Partial<StreamsLimits>; parts?: Partial<LambdaParts> } = {},
) {
  const streams = await streamsFixture(options.limits && { limits: options.limits })
  const { catalog, clock, logger, random } = streams
  const events: Event[] = []
  const counted: { metric: string; dimensions: Dimensions; value: number }[] = []
  const objects = new Map<string, string>()
  let handler: Handler = () => null

  async function run(bytes: Uint8Array): Promise<InvocationResult> {
    const event = JSON.parse(Buffer.from(bytes).toString())
    events.push(event)
    try {
      const answer = await handler(event, events.length)
      return { payload: Buffer.from(JSON.stringify(answer ?? null)), logTail: '' }
    } catch (error) {
      if (error instanceof InvocationStops) throw error.reason
      return { payload: Buffer.from('{"errorType":"E"}'), functionError: 'Unhandled', logTail: '' }
    }
  }
  const open = (more: Partial<LambdaParts>) =>
    openLambda({
      place,
      clock,
      random,
      logger,
      catalog,
      streams: streams.service.reader,
      objects: {
        put: async (bucket, key, parts) => void objects.set(`${bucket}/${key}`, Buffer.concat(parts).toString()),
      },
      metrics: {
        record: (metric, dimensions, value) => void counted.push({ metric, dimensions, value }),
        forget() {},
      },
      definitions: functionDefinitions({ f: { module: 'f.mjs' }, g: { module: 'g.mjs' } }, '/', place.accountId),
      endpointUrl: () => undefined,
      transitionMs: 50,
      pollMs: 0,
      invokerOf: () => ({ invoke: ({ event }) => run(event), stop: async () => {} }),
      ...options.parts,
      ...more,
    })
  let lambda = open({})
  t.after(async () => {
    await lambda.stop()
    await streams.service.stop()
  })
  await streams.activeStream('s', options.shardCount ?? 1)

  /** Runs an operation of Lambda as the gateway would. */
  async function call(name: string, body: object): Promise<Event> {
    const found = lambda.operations.get(name)
    assert.ok(found, `there is an operation ${name}`)
    const caller = { accountId: place.accountId, accessKeyId: 'test' }
    const input = parseInput(found.input, body, asItIs)
    return found.handle(lambda.context, input, { requestId: 'test', caller, signal: new AbortController().signal })
  }

  return {
    ...streams,
    events,
    counted,
    /** What stands in buckets: `bucket/key` → text. */
    objects,
    lambda: call,
    /** What the services beside Lambda get. */
    invoker: () => lambda.invoker,
    handle(next: Handler) {
      handler = next
    },
    /** Makes a mapping and waits until it is Enabled; gives its UUID. */
    async map(more: object = {}): Promise<string> {
      const standard = { FunctionName: 'f', EventSourceArn: arnOf('s'), StartingPosition: 'TRIM_HORIZON' }
      const { UUID } = await call('CreateEventSourceMapping', { ...standard, ...more })
      await clock.advance(100)
      return UUID
    },
    async put(...texts: string[]): Promise<void> {
      for (const text of texts) await streams.call('PutRecord', record(text))
      await clock.advance(0)
    },
    /** Puts records all at once: they come in one read. */
    async putAll(texts: readonly string[]): Promise<void> {
      await streams.call('PutRecords', {
        StreamName: 's',
        Records: texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: keyOf(text) })),
      })
      await clock.advance(0)
    },
    /** As after a restart of the server: another Lambda on the same catalog. */
    async restart(more: Partial<LambdaParts> = {}): Promise<void> {
      await lambda.stop()
      lambda = open(more)
      await clock.advance(100)
    },
    /** What all events held, one after the other. */
    seen: () => events.flatMap(dataOf),
  }
}

/** `key:data`, or `data` with a key of its own. */
const keyOf = (text: string) => text.split(':')[0]!

const record = (text: string) => ({ StreamName: 's', Data: Buffer.from(text), PartitionKey: keyOf(text) })

/** Thrown by a test's function: the invocation itself fails so, without an answer of the function. */
export class InvocationStops extends Error {
  readonly reason: Error

  constructor(reason: Error) {
    super()
    this.reason = reason
  }
}
