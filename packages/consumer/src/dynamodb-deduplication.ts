import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { type Clock, foregroundClock, type Random, systemRandom } from '@millrace/ports'
import type { DeduplicationStore } from './deduplicator.ts'

export type DynamoDBDeduplicationOptions = {
  readonly tableName: string
  /** How long an id is remembered: longer than records stay in the stream. DynamoDB removes it by its time to live. @default 7 days */
  readonly rememberMs?: number
  /** How long a claim holds when the claimer is not heard of again: longer than the work takes. @default 60000 */
  readonly claimMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Ids in a DynamoDB table, for all workers: a conditional write decides who does it.
 *
 *   id S   owner S (who claimed it)   claimedUntil N (ms; absent when done)   expiresAt N (s: the table's time to live)
 */
export class DynamoDBDeduplicationStore implements DeduplicationStore {
  readonly #client: DynamoDBClient
  readonly #options: Required<DynamoDBDeduplicationOptions>
  readonly #owner: string

  constructor(client: DynamoDBClient, options: DynamoDBDeduplicationOptions) {
    this.#client = client
    this.#options = {
      rememberMs: 7 * 86_400_000,
      claimMs: 60_000,
      clock: foregroundClock,
      random: systemRandom,
      ...options,
    }
    this.#owner = this.#options.random.uuid()
  }

  /** Creates the table if there is none, and waits until it can be used. */
  async ensure(): Promise<void> {
    const { clock, tableName: TableName } = this.#options
    for (let pollMs = 20; ; pollMs = Math.min(2 * pollMs, 2000)) {
      const status = await this.#status()
      if (status === 'ACTIVE' || status === 'UPDATING') return
      if (status === undefined) await this.#create(TableName)
      await clock.sleep(pollMs)
    }
  }

  async begin(id: string): Promise<'begun' | 'done' | 'busy'> {
    const { claimMs, clock } = this.#options
    const nowMs = clock.nowMs()
    try {
      await this.#client.send(
        new UpdateItemCommand({
          ...this.#keyOf(id),
          UpdateExpression: 'SET #owner = :owner, claimedUntil = :until, expiresAt = :expires',
          // Free, or its claim has run out, or it is remembered no longer though DynamoDB has not removed it yet.
          ConditionExpression: 'attribute_not_exists(id) OR claimedUntil < :now OR expiresAt < :nowSeconds',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: {
            ':owner': { S: this.#owner },
            ':until': { N: String(nowMs + claimMs) },
            ':expires': { N: this.#expiresAt(nowMs) },
            ':now': { N: String(nowMs) },
            ':nowSeconds': { N: String(Math.floor(nowMs / 1000)) },
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      return 'begun'
    } catch (error) {
      if (!isRefused(error)) throw error
      return error.Item && error.Item.claimedUntil === undefined ? 'done' : 'busy'
    }
  }

  async finish(id: string): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        ...this.#keyOf(id),
        UpdateExpression: 'SET #owner = :owner, expiresAt = :expires REMOVE claimedUntil',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: {
          ':owner': { S: this.#owner },
          ':expires': { N: this.#expiresAt(this.#options.clock.nowMs()) },
        },
      }),
    )
  }

  async abandon(id: string): Promise<void> {
    try {
      await this.#client.send(
        new DeleteItemCommand({
          ...this.#keyOf(id),
          ConditionExpression: '#owner = :owner AND attribute_exists(claimedUntil)',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: { ':owner': { S: this.#owner } },
        }),
      )
    } catch (error) {
      // Another has claimed it by now.
      if (!isRefused(error)) throw error
    }
  }

  #keyOf(id: string) {
    return { TableName: this.#options.tableName, Key: { id: { S: id } } }
  }

  #expiresAt(nowMs: number): string {
    return String(Math.ceil((nowMs + this.#options.rememberMs) / 1000))
  }

  async #status(): Promise<string | undefined> {
    try {
      const command = new DescribeTableCommand({ TableName: this.#options.tableName })
      return (await this.#client.send(command)).Table?.TableStatus
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      throw error
    }
  }

  async #create(TableName: string): Promise<void> {
    try {
      await this.#client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      )
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
    }
    await this.#untilActive()
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true }
    await this.#client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })).catch((error) => {
      // Another worker turned it on, or the endpoint has no such thing: then the table only grows.
      if (!(error instanceof Error && /^(Validation|UnknownOperation)Exception$/.test(error.name))) throw error
    })
  }

  async #untilActive(): Promise<void> {
    for (let pollMs = 20; (await this.#status()) !== 'ACTIVE'; pollMs = Math.min(2 * pollMs, 2000))
      await this.#options.clock.sleep(pollMs)
  }
}

const isRefused = (error: unknown): error is Error & { readonly Item?: Readonly<Record<string, unknown>> } =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException'
