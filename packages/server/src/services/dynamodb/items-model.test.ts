import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import fc from 'fast-check'
import { openMemory } from '../../storage/memory/open.ts'
import { dynamoDbFixture } from './fixture.ts'

/*
 * A table with a sort key and an index, beside a Map: whatever is put, updated, deleted and done in transactions, queries
 * and scans in pages of any size give what the Map holds, in order.
 */

type Stored = { readonly p: string; readonly s: number; readonly g: string | undefined; readonly h: number }

const TableName = 'table'
const definition = {
  AttributeDefinitions: [
    { AttributeName: 'p', AttributeType: 'S' },
    { AttributeName: 's', AttributeType: 'N' },
    { AttributeName: 'g', AttributeType: 'S' },
    { AttributeName: 'h', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'p', KeyType: 'HASH' },
    { AttributeName: 's', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byGroup',
      KeySchema: [
        { AttributeName: 'g', KeyType: 'HASH' },
        { AttributeName: 'h', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
}

const wire = ({ p, s, g, h }: Stored) => ({
  p: { S: p },
  s: { N: `${s}` },
  ...(g !== undefined && { g: { S: g } }),
  h: { N: `${h}` },
})
const plain = (item: Record<string, { S?: string; N?: string }>): Stored => ({
  p: item.p!.S!,
  s: Number(item.s!.N),
  g: item.g?.S,
  h: Number(item.h!.N),
})
const keyOf = ({ p, s }: Pick<Stored, 'p' | 's'>) => `${p}/${s}`
const wireKey = ({ p, s }: Pick<Stored, 'p' | 's'>) => ({ p: { S: p }, s: { N: `${s}` } })

const key = fc.record(
  { p: fc.constantFrom('a', 'b', '\u{1f600}'), s: fc.integer({ min: -5, max: 5 }) },
  { noNullPrototype: true },
)
const stored = fc.record(
  {
    p: fc.constantFrom('a', 'b', '\u{1f600}'),
    s: fc.integer({ min: -5, max: 5 }),
    g: fc.constantFrom('x', 'y', undefined),
    h: fc.integer({ min: -3, max: 3 }),
  },
  { noNullPrototype: true },
)

type Step =
  | { readonly kind: 'put'; readonly item: Stored }
  | { readonly kind: 'delete'; readonly key: Pick<Stored, 'p' | 's'> }
  | { readonly kind: 'ungroup'; readonly key: Pick<Stored, 'p' | 's'> }
  | { readonly kind: 'transact'; readonly items: readonly Stored[] }

const step: fc.Arbitrary<Step> = fc.oneof(
  stored.map((item): Step => ({ kind: 'put', item })),
  key.map((each): Step => ({ kind: 'delete', key: each })),
  key.map((each): Step => ({ kind: 'ungroup', key: each })),
  fc
    .uniqueArray(stored, { selector: keyOf, minLength: 1, maxLength: 4 })
    .map((items): Step => ({ kind: 'transact', items })),
)

test('a table and its index hold what was written, in order, in pages of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (steps, Limit, isForward) => {
        const { call, activeTable, service } = dynamoDbFixture(openMemory({ clock: new ManualClock() }))
        await activeTable(TableName, definition)
        const model = new Map<string, Stored>()
        for (const each of steps) await take(call, model, each)

        const pages = async (name: string, input: object) => {
          const found: Stored[] = []
          let ExclusiveStartKey: unknown
          do {
            const page = await call(name, { TableName, Limit, ExclusiveStartKey, ...input })
            assert.ok(page.Count <= Limit)
            found.push(...page.Items.map(plain))
            ExclusiveStartKey = page.LastEvaluatedKey
          } while (ExclusiveStartKey)
          return found
        }
        const all = [...model.values()]
        const sorted = (items: Stored[], by: (item: Stored) => number) => {
          const rising = items.toSorted((a, b) => by(a) - by(b))
          return isForward ? rising : rising.toReversed()
        }
        for (const p of ['a', 'b', '\u{1f600}']) {
          const found = await pages('Query', {
            ScanIndexForward: isForward,
            KeyConditionExpression: 'p = :p AND s BETWEEN :low AND :high',
            ExpressionAttributeValues: { ':p': { S: p }, ':low': { N: '-2' }, ':high': { N: '4' } },
          })
          const expected = all.filter((item) => item.p === p && item.s >= -2 && item.s <= 4)
          assert.deepEqual(
            found,
            sorted(expected, ({ s }) => s),
          )
        }
        for (const g of ['x', 'y']) {
          const found = await pages('Query', {
            IndexName: 'byGroup',
            ScanIndexForward: isForward,
            KeyConditionExpression: 'h > :h AND g = :g',
            ExpressionAttributeValues: { ':g': { S: g }, ':h': { N: '-3' } },
          })
          const expected = all.filter((item) => item.g === g && item.h > -3)
          assert.deepEqual(
            found.map(({ h }) => h),
            sorted(expected, ({ h }) => h).map(({ h }) => h),
          )
          assert.deepEqual(new Set(found.map(keyOf)), new Set(expected.map(keyOf)))
        }
        const scanned = [
          ...(await pages('Scan', { Segment: 0, TotalSegments: 2 })),
          ...(await pages('Scan', { Segment: 1, TotalSegments: 2 })),
        ]
        assert.equal(scanned.length, all.length)
        assert.deepEqual(new Map(scanned.map((item) => [keyOf(item), item])), model)
        const { Table } = await call('DescribeTable', { TableName })
        assert.equal(Table.ItemCount, all.length)
        assert.equal(Table.GlobalSecondaryIndexes[0].ItemCount, all.filter(({ g }) => g !== undefined).length)
        await service.stop()
      },
    ),
    { numRuns: 150 },
  )
})

type Call = ReturnType<typeof dynamoDbFixture>['call']

async function take(call: Call, model: Map<string, Stored>, each: Step): Promise<void> {
  switch (each.kind) {
    case 'put':
      model.set(keyOf(each.item), each.item)
      return await call('PutItem', { TableName, Item: wire(each.item) })
    case 'delete':
      model.delete(keyOf(each.key))
      return await call('DeleteItem', { TableName, Key: wireKey(each.key) })
    case 'ungroup': {
      const before = model.get(keyOf(each.key))
      const after = { h: 0, ...before, ...each.key, g: undefined }
      model.set(keyOf(each.key), after)
      const UpdateExpression = 'SET h = if_not_exists(h, :zero) REMOVE g'
      const ExpressionAttributeValues = { ':zero': { N: '0' } }
      return await call('UpdateItem', {
        TableName,
        Key: wireKey(each.key),
        UpdateExpression,
        ExpressionAttributeValues,
      })
    }
    case 'transact': {
      // All are put, or none: where the last one is there already.
      const last = each.items.at(-1)!
      const isRefused = model.has(keyOf(last))
      const writes = call('TransactWriteItems', {
        TransactItems: each.items.map((item) => ({
          Put: {
            TableName,
            Item: wire(item),
            ...(item === last && { ConditionExpression: 'attribute_not_exists(p)' }),
          },
        })),
      })
      if (isRefused) return await assert.rejects(writes, { name: 'TransactionCanceledException' })
      for (const item of each.items) model.set(keyOf(item), item)
      await writes
    }
  }
}
