import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { after, before, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { MillraceOptions } from 'millrace'
import { RefusedError } from './answers.ts'
import { type Answer, httpCall, type Request } from './http-call.ts'
import { openTarget, type Target } from './target.ts'

/** Input of an operation, as it stands in the JSON body. */
export type Input = Readonly<Record<string, unknown>>

/** The largest number of looks at a state before a case gives up. */
const looksMax = 1000

export type PutAnswer = { readonly ShardId: string; readonly SequenceNumber: string; readonly EncryptionType?: string }

export type TestStream = { readonly name: string; readonly arn: string; readonly accountId: string }

/** The target of one file of cases: opened before its first case, closed after its last. */
export class Kinesis {
  #target: Target | undefined
  #agent: http.Agent | undefined

  constructor(options: MillraceOptions = {}) {
    before(async () => {
      this.#target = await openTarget(options)
      const { Agent } = this.#target.url.startsWith('https:') ? https : http
      this.#agent = new Agent({ keepAlive: true })
    })
    after(async () => {
      this.#agent?.destroy()
      await this.#target?.stop()
    })
  }

  get target(): Target {
    assert.ok(this.#target, 'the target is open while cases run')
    return this.#target
  }

  /** A request as it is. */
  http(request: Request): Promise<Answer> {
    return httpCall(this.target, this.#agent!, request)
  }

  /** A call of an operation in JSON, whatever it answers. */
  ask(operation: string, input: unknown, extra: Partial<Request> = {}): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Kinesis_20131202.${operation}`,
      ...extra.headers,
    }
    return this.http({ body: JSON.stringify(input), ...extra, headers })
  }

  /** A call that must succeed. @throws RefusedError */
  // biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
  async call(operation: string, input: Input = {}): Promise<any> {
    const answer = await this.ask(operation, input)
    if (answer.status !== 200) throw new RefusedError(operation, answer)
    return answer.body
  }

  /** Makes a stream for one case, waits until it is ACTIVE, and deletes it when the case has ended. */
  async stream(t: Pick<TestContext, 'after'>, input: Input = { ShardCount: 1 }): Promise<TestStream> {
    const name = uniqueName()
    await this.call('CreateStream', { StreamName: name, ...input })
    t.after(() => this.ask('DeleteStream', { StreamName: name, EnforceConsumerDeletion: true }))
    const summary = await this.active(name)
    const arn: string = summary.StreamARN
    return { name, arn, accountId: arn.split(':')[4]! }
  }

  /** Waits until a stream is ACTIVE; gives its summary. */
  // biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
  async active(name: string): Promise<any> {
    return this.until(async () => {
      const { StreamDescriptionSummary } = await this.call('DescribeStreamSummary', { StreamName: name })
      return StreamDescriptionSummary.StreamStatus === 'ACTIVE' ? StreamDescriptionSummary : undefined
    })
  }

  /** Registers a consumer and waits until it is ACTIVE; gives its ARN. */
  async consumer(stream: TestStream, name = 'reader'): Promise<string> {
    const { Consumer } = await this.call('RegisterStreamConsumer', { StreamARN: stream.arn, ConsumerName: name })
    await this.until(async () => {
      const { ConsumerDescription } = await this.call('DescribeStreamConsumer', { ConsumerARN: Consumer.ConsumerARN })
      return ConsumerDescription.ConsumerStatus === 'ACTIVE' ? true : undefined
    })
    return Consumer.ConsumerARN
  }

  /** Asks again and again until there is a value. */
  async until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (let looks = 0; looks < looksMax; looks++) {
      const value = await look()
      if (value !== undefined) return value
      await pause(this.target.pollMs)
    }
    throw new Error(`not so after ${looksMax} looks`)
  }

  async put(name: string, data: string, more: Input = {}): Promise<PutAnswer> {
    return this.call('PutRecord', { StreamName: name, Data: base64(data), PartitionKey: 'key', ...more })
  }

  async iterator(name: string, type = 'TRIM_HORIZON', more: Input = {}): Promise<string> {
    const input = { StreamName: name, ShardId: firstShard, ShardIteratorType: type, ...more }
    return (await this.call('GetShardIterator', input)).ShardIterator
  }

  /** The data of what one GetRecords gives. */
  async read(iterator: string): Promise<string[]> {
    const { Records } = await this.call('GetRecords', { ShardIterator: iterator })
    return Records.map(({ Data }: { Data: string }) => Buffer.from(Data, 'base64').toString())
  }

  // biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
  async shards(name: string, more: Input = {}): Promise<any[]> {
    return (await this.call('ListShards', { StreamName: name, ...more })).Shards
  }
}

export const firstShard = 'shardId-000000000000'

/** A name that no other case has. */
export const uniqueName = () => `conformance-${randomUUID()}`

export const base64 = (text: string) => Buffer.from(text).toString('base64')
