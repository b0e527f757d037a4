import { after } from 'node:test'
import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { systemClock } from '@millrace/ports'
import { startMillrace } from '../../server/src/index.ts'
import { DynamoDBLeaseTable } from './dynamodb-lease-table.ts'
import { leaseTableContract } from './lease-table-contract.ts'
import { MemoryLeaseTable } from './memory-lease-table-fixture.ts'

leaseTableContract('memory', async () => {
  const table = new MemoryLeaseTable()
  return {
    table,
    put: async (item) => void table.items.set(item.leaseKey!.S!, item),
    row: async (leaseKey) => table.items.get(leaseKey),
    deleteTable: async () => {
      table.items.clear()
      table.exists = false
    },
  }
})

const starting = startMillrace({ port: 0, transitionMs: 5 })
after(async () => (await starting).stop())
let tables = 0

leaseTableContract('DynamoDB', async (t) => {
  const { url: endpoint } = await starting
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
  t.after(() => client.destroy())
  const TableName = `leases-${++tables}`
  return {
    table: new DynamoDBLeaseTable(client, systemClock, { tableName: TableName }),
    put: async (Item) => void (await client.send(new PutItemCommand({ TableName, Item }))),
    row: async (leaseKey) =>
      (await client.send(new GetItemCommand({ TableName, Key: { leaseKey: { S: leaseKey } }, ConsistentRead: true })))
        .Item,
    async deleteTable() {
      await client.send(new DeleteTableCommand({ TableName }))
      const isThere = () =>
        client.send(new DescribeTableCommand({ TableName })).then(
          () => true,
          () => false,
        )
      while (await isThere());
    },
  }
})
