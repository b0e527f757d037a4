import type { AttributeValue, DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb'
import { type Batch, type Emitter, type Entry, errorOf, type Refusal } from './pipeline.ts'

/** An item as DynamoDB's client has it: `{ id: { S: 'a' } }`. */
export type DynamoDBItem = Record<string, AttributeValue>

/** Items in one BatchWriteItem. */
const batchItemsMax = 25

/** BatchWriteItems at one time. */
const batchesAtOnce = 4

/**
 * Puts each value as an item of a table. Of several values with one key the last one stays, as if they had been put one
 * after the other. An item that DynamoDB refuses fails, the others of its batch are put.
 */
export class DynamoDBEmitter implements Emitter<DynamoDBItem> {
  readonly #client: DynamoDBClient
  readonly #tableName: string
  #keyNames: Promise<readonly string[]> | undefined

  constructor(client: DynamoDBClient, { tableName }: { readonly tableName: string }) {
    this.#client = client
    this.#tableName = tableName
  }

  async emit({ entries }: Batch<DynamoDBItem>, signal: AbortSignal): Promise<readonly Refusal<DynamoDBItem>[]> {
    this.#keyNames ??= this.#readKeyNames()
    const names = await this.#keyNames.catch((error: unknown) => {
      this.#keyNames = undefined
      throw error
    })
    const byKey = new Map<string, Entry<DynamoDBItem>[]>()
    for (const entry of entries) {
      const key = JSON.stringify(
        names.map((name) => entry.value[name] ?? null),
        bytesAsText,
      )
      byKey.set(key, [...(byKey.get(key) ?? []), entry])
    }
    const groups = [...byKey.values()]
    const refusals: Refusal<DynamoDBItem>[] = []
    for (let at = 0; at < groups.length; at += batchItemsMax * batchesAtOnce) {
      const batches = Array.from({ length: batchesAtOnce }, (_, i) =>
        groups.slice(at + i * batchItemsMax, at + (i + 1) * batchItemsMax),
      ).filter((batch) => batch.length > 0)
      const refused = await Promise.all(batches.map((batch) => this.#write(batch, signal)))
      refusals.push(...refused.flat())
    }
    return refusals
  }

  async #readKeyNames(): Promise<readonly string[]> {
    const { DescribeTableCommand } = await import('@aws-sdk/client-dynamodb')
    const { Table } = await this.#client.send(new DescribeTableCommand({ TableName: this.#tableName }))
    return (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName!)
  }

  /** Each group has one key; the last of it is written, and stands for all of it. */
  async #write(groups: readonly Entry<DynamoDBItem>[][], abortSignal: AbortSignal): Promise<Refusal<DynamoDBItem>[]> {
    const { BatchWriteItemCommand } = await import('@aws-sdk/client-dynamodb')
    const requests = groups.map((group): WriteRequest => ({ PutRequest: { Item: group.at(-1)!.value } }))
    try {
      const { UnprocessedItems } = await this.#client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.#tableName]: requests } }),
        { abortSignal },
      )
      const left = new Set((UnprocessedItems?.[this.#tableName] ?? []).map(textOf))
      if (left.size === 0) return []
      const busy = new Error('DynamoDB has not processed it yet: its throughput is exceeded')
      return groups.filter((_, i) => left.has(textOf(requests[i]!))).flatMap((group) => refused(group, busy, true))
    } catch (thrown) {
      const error = errorOf(thrown)
      if (!isRefusal(error)) throw error
      // One bad item makes DynamoDB refuse the whole batch: halves tell which.
      if (groups.length === 1) return refused(groups[0]!, error, false)
      const middle = groups.length >> 1
      return [
        ...(await this.#write(groups.slice(0, middle), abortSignal)),
        ...(await this.#write(groups.slice(middle), abortSignal)),
      ]
    }
  }
}

const refused = (group: readonly Entry<DynamoDBItem>[], error: Error, mayRetry: boolean) =>
  group.map((entry) => ({ entry, error, mayRetry }))

/** What no other try changes, because of the item. */
const isRefusal = ({ name }: Error) =>
  name === 'ValidationException' || name === 'ItemCollectionSizeLimitExceededException' || name === 'TypeError'

const textOf = ({ PutRequest }: WriteRequest) =>
  JSON.stringify(
    Object.entries(PutRequest?.Item ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    bytesAsText,
  )

const bytesAsText = (_: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
