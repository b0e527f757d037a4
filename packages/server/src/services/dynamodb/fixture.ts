import { randomBytes, randomUUID } from 'node:crypto'
import { ManualClock, silentLogger } from '@millrace/ports'
import { parseInput, type Wire } from '../../core/shapes.ts'
import type { Storage } from '../../storage/storage.ts'
import type { DynamoDbParts } from './context.ts'
import { openDynamoDb } from './service.ts'

/** For unit tests: bytes are given as base64, as JSON has them. */
const asJson: Wire = { blob: (value) => Buffer.from(value as string, 'base64'), timestamp: (value) => value as Date }

/**
 * DynamoDB on a storage, on a clock that the test moves: `call` checks an input as the gateway would and runs the
 * operation.
 */
export function dynamoDbFixture(
  storage: Pick<Storage, 'catalog' | 'items'>,
  options: { clock?: ManualClock; parts?: Partial<DynamoDbParts> } = {},
) {
  const { clock = new ManualClock() } = options
  const parts: DynamoDbParts = {
    place: { accountId: '000000000000', region: 'us-east-1' },
    clock,
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID() },
    logger: silentLogger,
    catalog: storage.catalog,
    items: storage.items,
    transitionMs: 50,
    endpointUrl: () => 'http://127.0.0.1:4567',
    ...options.parts,
  }
  const service = openDynamoDb(parts)

  // biome-ignore lint/suspicious/noExplicitAny: tests look into outputs of every shape
  async function call(name: string, body: unknown): Promise<any> {
    const found = service.operations.get(name)
    if (!found) throw new Error(`there is no operation ${name}`)
    const caller = { accountId: parts.place.accountId, accessKeyId: 'test' }
    const signal = new AbortController().signal
    return await found.handle(service.context, parseInput(found.input, body, asJson), {
      requestId: 't',
      caller,
      signal,
    })
  }

  /** Makes a table with a key of `id` (S) and waits until it is ACTIVE; `more` goes into CreateTable. */
  async function activeTable(TableName: string, more: object = {}): Promise<void> {
    await call('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      ...more,
    })
    await clock.advance(1000)
  }

  return { clock, service, context: service.context, call, activeTable }
}
