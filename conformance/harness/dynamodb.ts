import { randomUUID } from 'node:crypto'
import { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { MillraceOptions } from 'millrace'
import { testKey } from './keys.ts'
import { openTarget, type Target } from './target.ts'

/** A test file's way to DynamoDB at the target; the tables that it made go when the file has ended. */
export class DynamoDb {
  readonly client: DynamoDBClient
  readonly target: Target
  readonly #names: string[] = []

  private constructor(target: Target) {
    this.target = target
    const url = target.kind === 'aws' ? undefined : target.url
    this.client = new DynamoDBClient({
      region: target.region,
      ...(url && { endpoint: url, credentials: testKey }),
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    })
  }

  static async open(options: MillraceOptions = {}): Promise<DynamoDb> {
    const opened = new DynamoDb(await openTarget(options))
    after(() => opened.#close())
    return opened
  }

  /** Makes a table on demand, with a key of `id` (S) unless the input says another, and waits until it is ACTIVE. */
  async table(input: Partial<CreateTableCommandInput> = {}): Promise<string> {
    const TableName = `conformance-${randomUUID()}`
    this.#names.push(TableName)
    await this.client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        ...input,
      }),
    )
    await this.active(TableName)
    return TableName
  }

  /** Waits until a table and all its indexes are ACTIVE. */
  async active(TableName: string): Promise<void> {
    for (;;) {
      const { Table } = await this.client.send(new DescribeTableCommand({ TableName }))
      const statuses = [Table?.TableStatus, ...(Table?.GlobalSecondaryIndexes ?? []).map((index) => index.IndexStatus)]
      if (statuses.every((status) => status === 'ACTIVE')) return
      await pause(this.target.pollMs)
    }
  }

  async #close(): Promise<void> {
    for (const TableName of this.#names) await this.client.send(new DeleteTableCommand({ TableName })).catch(() => {})
    this.client.destroy()
    await this.target.stop()
  }
}
