import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type Tag,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Clock } from '@millrace/ports'
import { type Checkpoint, shardEnd } from './checkpoint.ts'
import { type Item, itemOf, type Lease, leaseOf } from './lease.ts'
import { type LeaseTable, LeaseTableMissing, type Pending, type Renewal, type Written } from './lease-table.ts'

export type DynamoDBLeaseTableOptions = {
  readonly tableName: string
  readonly tags?: readonly Tag[] | undefined
}

/** KCL's lease table in DynamoDB, or in Millrace. Only the attributes that a change is about are written. */
export class DynamoDBLeaseTable implements LeaseTable {
  readonly #client: DynamoDBClient
  readonly #clock: Clock
  readonly #options: DynamoDBLeaseTableOptions
  readonly #TableName: string
  /** Rows of the last scan that are no leases: KCL 3.5 keeps its coordinator's there. */
  others: ReadonlyMap<string, Item> = new Map()

  constructor(client: DynamoDBClient, clock: Clock, options: DynamoDBLeaseTableOptions) {
    this.#client = client
    this.#clock = clock
    this.#options = options
    this.#TableName = options.tableName
  }

  async ensure(signal: AbortSignal): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    for (let pollMs = 20; ; pollMs = Math.min(2 * pollMs, statusPollMsMax)) {
      const status = await this.#status()
      // A table that gets a new index is UPDATING for minutes, and serves all the while.
      if (status === 'ACTIVE' || status === 'UPDATING') return
      if (status === undefined) await this.#createTable()
      if (this.#clock.monotonicMs() - startedMs > creationMsMax)
        throw new Error(
          `The lease table ${this.#TableName} was not ready within ${creationMsMax / 1000} s (status ${status}).`,
        )
      await this.#clock.sleep(pollMs, signal)
      if (signal.aborted) return
    }
  }

  async list({ consistent = false } = {}): Promise<Lease[]> {
    const leases: Lease[] = []
    const others = new Map<string, Item>()
    let from: Record<string, AttributeValue> | undefined
    do {
      const page = await this.#ask(
        this.#client.send(
          new ScanCommand({
            TableName: this.#TableName,
            ...(from && { ExclusiveStartKey: from }),
            ...(consistent && { ConsistentRead: true }),
          }),
        ),
      )
      for (const item of page.Items ?? []) {
        const lease = leaseOf(item)
        if (lease) leases.push(lease)
        else others.set(item.leaseKey?.S ?? '', item)
      }
      from = page.LastEvaluatedKey
    } while (from)
    this.others = others
    return leases
  }

  async get(leaseKey: string): Promise<Lease | undefined> {
    const { Item } = await this.#ask(
      this.#client.send(new GetItemCommand({ TableName: this.#TableName, Key: keyOf(leaseKey), ConsistentRead: true })),
    )
    return Item && leaseOf(Item)
  }

  async create(lease: Lease): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#TableName,
      Item: itemOf(lease),
      ConditionExpression: 'attribute_not_exists(leaseKey)',
    })
    return (await this.#conditional(this.#client.send(put))).done
  }

  take(seen: Lease, owner: string): Promise<Written> {
    const change = new Change(seen)
    change.set('leaseOwner', { S: owner })
    change.remove('checkpointOwner')
    if (seen.leaseOwner !== undefined && seen.leaseOwner !== owner) change.raise('ownerSwitchesSinceCheckpoint')
    const expected = seen.leaseOwner === undefined ? undefined : { S: seen.leaseOwner }
    change.expect('leaseOwner', expected)
    return this.#update(seen, change)
  }

  renew(held: Lease, throughputKBps?: number): Promise<Written> {
    return this.#update(held, renewalOf(held, throughputKBps))
  }

  async renewTogether(held: readonly Renewal[]): Promise<boolean[]> {
    const renewed = held.map(() => false)
    let rest = [...held.keys()]
    // Once with all, and once more without those that were in the way.
    for (let attempt = 1; attempt <= 2 && rest.length > 0; attempt++) {
      const refused = await this.#renewInTransaction(rest.map((index) => held[index]!))
      if (!refused) {
        for (const index of rest) renewed[index] = true
        return renewed
      }
      rest = rest.filter((_, position) => !refused[position])
    }
    return renewed
  }

  checkpoint(held: Lease, checkpoint: Checkpoint, pending?: Pending | null): Promise<Written> {
    const change = new Change(held)
    change.set('checkpoint', { S: checkpoint.sequenceNumber })
    change.set('checkpointSubSequenceNumber', { N: String(checkpoint.subSequenceNumber) })
    change.set('ownerSwitchesSinceCheckpoint', { N: '0' })
    if (pending) {
      change.set('pendingCheckpoint', { S: pending.checkpoint.sequenceNumber })
      change.set('pendingCheckpointSubSequenceNumber', { N: String(pending.checkpoint.subSequenceNumber) })
      if (pending.state) change.set('pendingCheckpointState', { B: pending.state })
      else change.remove('pendingCheckpointState')
    } else if (pending === null) {
      for (const name of ['pendingCheckpoint', 'pendingCheckpointSubSequenceNumber', 'pendingCheckpointState'])
        change.remove(name)
    }
    return this.#update(held, change)
  }

  setChildren(held: Lease, childShardIds: readonly string[]): Promise<Written> {
    const change = new Change(held)
    if (childShardIds.length > 0) change.set('childShardIds', { SS: [...childShardIds] })
    return this.#update(held, change)
  }

  release(held: Lease): Promise<Written> {
    const change = new Change(held)
    if (held.checkpointOwner === undefined) change.remove('leaseOwner')
    else change.raise('ownerSwitchesSinceCheckpoint')
    change.remove('checkpointOwner')
    change.expect('leaseOwner', held.leaseOwner === undefined ? undefined : { S: held.leaseOwner })
    change.expect('checkpointOwner', held.checkpointOwner === undefined ? undefined : { S: held.checkpointOwner })
    return this.#update(held, change)
  }

  async deleteFinished(leaseKey: string): Promise<boolean> {
    const { done } = await this.#conditional(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#TableName,
          Key: keyOf(leaseKey),
          ConditionExpression: 'checkpoint = :end',
          ExpressionAttributeValues: { ':end': { S: shardEnd.sequenceNumber } },
        }),
      ),
    )
    return done
  }

  /** Undefined when all were renewed, else which of them were in the way. Takes up to `renewalsTogetherMax`. */
  async #renewInTransaction(held: readonly Renewal[]): Promise<boolean[] | undefined> {
    const TransactItems = held.map(({ lease, throughputKBps }) => ({
      Update: {
        TableName: this.#TableName,
        Key: keyOf(lease.leaseKey),
        ...renewalOf(lease, throughputKBps).expressions(),
      },
    }))
    try {
      await this.#ask(this.#client.send(new TransactWriteItemsCommand({ TransactItems })))
      return undefined
    } catch (error) {
      if (nameOf(error) !== 'TransactionCanceledException') throw error
      const reasons = (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons
      return held.map((_, index) => (reasons?.[index]?.Code ?? 'Unknown') !== 'None')
    }
  }

  async #update(seen: Lease, change: Change): Promise<Written> {
    const { done, item } = await this.#conditional(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#TableName,
          Key: keyOf(seen.leaseKey),
          ...change.expressions(),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    )
    if (done) return { done: true, lease: leaseOf({ ...itemOf(seen), ...change.sets, ...change.absent })! }
    // Not every endpoint tells what it found.
    return { done: false, found: (item && leaseOf(item)) ?? (await this.get(seen.leaseKey)) }
  }

  async #conditional(answer: Promise<unknown>): Promise<{ done: boolean; item?: Item | undefined }> {
    try {
      await this.#ask(answer)
      return { done: true }
    } catch (error) {
      if (nameOf(error) !== 'ConditionalCheckFailedException') throw error
      return { done: false, item: (error as { Item?: Item }).Item }
    }
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw error
      throw new LeaseTableMissing(`The lease table ${this.#TableName} does not exist.`, { cause: error })
    }
  }

  async #status(): Promise<string | undefined> {
    try {
      const { Table } = await this.#ask(this.#client.send(new DescribeTableCommand({ TableName: this.#TableName })))
      return Table?.TableStatus ?? 'CREATING'
    } catch (error) {
      if (error instanceof LeaseTableMissing) return undefined
      throw error
    }
  }

  async #createTable(): Promise<void> {
    const { tags } = this.#options
    try {
      await this.#client.send(
        new CreateTableCommand({
          TableName: this.#TableName,
          KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
          ...(tags && tags.length > 0 && { Tags: [...tags] }),
        }),
      )
    } catch (error) {
      // Another worker was sooner.
      if (nameOf(error) !== 'ResourceInUseException') throw error
    }
  }
}

/** As KCL waits for its table. */
const creationMsMax = 600_000
const statusPollMsMax = 2000

function renewalOf(held: Lease, throughputKBps: number | undefined): Change {
  const change = new Change(held)
  if (throughputKBps !== undefined) change.set('throughputKBps', { N: String(throughputKBps) })
  change.expect('checkpointOwner', held.checkpointOwner === undefined ? undefined : { S: held.checkpointOwner })
  return change
}

const keyOf = (leaseKey: string) => ({ leaseKey: { S: leaseKey } })

const nameOf = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined)

/** One conditional change of one row, which raises the counter. */
class Change {
  readonly sets: Record<string, AttributeValue> = {}
  readonly #removes: string[] = []
  readonly #expected: [string, AttributeValue | undefined][] = []
  readonly #seen: Lease

  constructor(seen: Lease) {
    this.#seen = seen
    this.set('leaseCounter', { N: String(seen.leaseCounter + 1) })
  }

  set(name: string, value: AttributeValue): void {
    this.sets[name] = value
  }

  raise(name: 'ownerSwitchesSinceCheckpoint'): void {
    this.set(name, { N: String(this.#seen[name] + 1) })
  }

  remove(name: string): void {
    this.#removes.push(name)
  }

  /** The attribute has this value; without a value: it is not there. */
  expect(name: string, value: AttributeValue | undefined): void {
    this.#expected.push([name, value])
  }

  /** The removed attributes, to be laid over an item. */
  get absent(): Record<string, AttributeValue> {
    return Object.fromEntries(this.#removes.map((name) => [name, {} as AttributeValue]))
  }

  expressions() {
    const values: Record<string, AttributeValue> = { ':seen': { N: String(this.#seen.leaseCounter) } }
    const sets = Object.entries(this.sets).map(([name, value], index) => {
      values[`:s${index}`] = value
      return `${name} = :s${index}`
    })
    // A row that somebody wrote by hand may lack its counter: it counts as 0.
    const counter =
      this.#seen.leaseCounter === 0
        ? '(leaseCounter = :seen OR attribute_not_exists(leaseCounter))'
        : 'leaseCounter = :seen'
    const conditions = this.#expected.map(([name, value], index) => {
      if (value === undefined) return `attribute_not_exists(${name})`
      values[`:e${index}`] = value
      return `${name} = :e${index}`
    })
    return {
      UpdateExpression: `SET ${sets.join(', ')}${this.#removes.length > 0 ? ` REMOVE ${this.#removes.join(', ')}` : ''}`,
      ConditionExpression: ['attribute_exists(leaseKey)', counter, ...conditions].join(' AND '),
      ExpressionAttributeValues: values,
    }
  }
}
