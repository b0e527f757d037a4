import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { ManualClock } from '@millrace/ports'
import { Consumer } from './consumer.ts'
import { DynamoDBLeaseTable } from './dynamodb-lease-table.ts'
import { KclFleet } from './kcl-fleet.ts'
import { keyOfLease, openMillrace } from './millrace-fixture.ts'
import { settingsOf } from './options.ts'

const shard = 'shardId-000000000000'
const leaderRow = (key: string, version: string) => ({
  [key]: { S: 'Leader' },
  ownerName: { S: 'java' },
  leaseDuration: { S: '120000' },
  recordVersionNumber: { S: version },
})
const stateRow = (key: string, cv: string) => ({
  [key]: { S: 'Migration3.0' },
  cv: { S: cv },
  mb: { S: 'java' },
  mts: { N: '1' },
})

async function openFleet() {
  const millrace = await openMillrace(1)
  const clock = new ManualClock()
  const settings = settingsOf({ applicationName: 'app', streamName: 's', workerId: 'ts', clock })
  const table = new DynamoDBLeaseTable(millrace.dynamodb, clock, { tableName: 'app' })
  const fleet = new KclFleet(millrace.dynamodb, table, settings)
  return { millrace, clock, table, fleet, [Symbol.asyncDispose]: () => millrace[Symbol.asyncDispose]() }
}

test('where no KCL 3 is, nobody leads and nothing is reported', async () => {
  await using all = await openFleet()
  await all.fleet.look()
  assert.deepEqual([all.fleet.hasLeader, all.fleet.wantsReports], [false, false])
})

test('a worker reports to KCL 3.0 to 3.4 in their own tables, and follows their leader while he lives', async () => {
  await using all = await openFleet()
  const { clock, fleet, millrace } = all
  await millrace.createTable('app-CoordinatorState', 'key')
  await millrace.createTable('app-WorkerMetricStats', 'wid')
  const stats = () => millrace.row('app-WorkerMetricStats', { wid: { S: 'ts' } })

  await millrace.putRow('app-CoordinatorState', stateRow('key', 'CLIENT_VERSION_UPGRADE_FROM_2X'))
  await millrace.putRow('app-CoordinatorState', leaderRow('key', 'a'))
  await fleet.look()
  assert.deepEqual([fleet.hasLeader, fleet.wantsReports], [false, true])
  assert.deepEqual((await stats())?.lut, { N: String(clock.nowMs() / 1000) })
  assert.deepEqual([(await stats())?.sts, (await stats())?.opr], [{ M: {} }, { M: {} }])

  await millrace.putRow('app-CoordinatorState', stateRow('key', 'CLIENT_VERSION_3X_WITH_ROLLBACK'))
  await fleet.look()
  assert.equal(fleet.hasLeader, true)
  await clock.advance(121_000)
  await fleet.look()
  assert.equal(fleet.hasLeader, false)
  assert.deepEqual((await stats())?.lut, { N: String(clock.nowMs() / 1000) })
  await millrace.putRow('app-CoordinatorState', leaderRow('key', 'b'))
  await fleet.look()
  assert.equal(fleet.hasLeader, true)
  await millrace.putRow('app-CoordinatorState', stateRow('key', 'CLIENT_VERSION_2X'))
  await fleet.look()
  assert.deepEqual([fleet.hasLeader, fleet.wantsReports], [false, false])
  await fleet.leave()
  assert.equal(await stats(), undefined)
})

test('a worker reports to KCL 3.5 in the lease table, and its rows are no leases', async () => {
  await using all = await openFleet()
  const { fleet, millrace, table } = all
  await millrace.createTable('app', 'leaseKey')
  await millrace.putRow('app', {
    ...stateRow('leaseKey', 'CLIENT_VERSION_3X'),
    entityType: { S: 'CLIENT_VERSION_MIGRATION' },
  })
  await millrace.putRow('app', { ...leaderRow('leaseKey', 'a'), entityType: { S: 'LEADER' } })
  assert.deepEqual(await table.list(), [])
  await fleet.look()
  assert.equal(fleet.hasLeader, true)
  assert.deepEqual((await millrace.row('app', keyOfLease('ts')))?.entityType, { S: 'WORKER_METRIC_STATS' })
  assert.deepEqual(await table.list(), [])
})

test('beside a leader a worker takes what he assigns, and hands over what he moves, with a checkpoint', async () => {
  await using millrace = await openMillrace(1)
  await millrace.createTable('app', 'leaseKey')
  await millrace.putRow('app', {
    ...stateRow('leaseKey', 'CLIENT_VERSION_3X'),
    entityType: { S: 'CLIENT_VERSION_MIGRATION' },
  })
  await millrace.putRow('app', { ...leaderRow('leaseKey', 'a'), entityType: { S: 'LEADER' } })
  const events: string[] = []
  let processed = () => {}
  const consumer = new Consumer(
    millrace,
    {
      applicationName: 'app',
      streamName: 's',
      workerId: 'ts',
      initialPosition: 'TRIM_HORIZON',
      failoverTimeMs: 600,
      takeIntervalMs: 50,
      idleTimeBetweenReadsMs: 20,
    },
    () => ({
      processRecords: ({ records }) => {
        events.push(`records ${records.length}`)
        processed()
      },
      async shutdownRequested({ checkpointer }) {
        events.push('shutdownRequested')
        await checkpointer.checkpoint()
      },
    }),
  )
  await consumer.start()
  await millrace.put(0, 5)
  const first = new Promise<void>((resolve) => {
    processed = resolve
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(consumer.shardIds, [], 'nothing was assigned yet')

  await millrace.putRow('app', { ...(await millrace.row('app', keyOfLease(shard)))!, leaseOwner: { S: 'ts' } })
  await first
  await millrace.dynamodb.send(
    new UpdateItemCommand({
      TableName: 'app',
      Key: keyOfLease(shard),
      UpdateExpression: 'SET leaseOwner = :java, checkpointOwner = :ts',
      ExpressionAttributeValues: { ':java': { S: 'java' }, ':ts': { S: 'ts' } },
    }),
  )
  while (consumer.shardIds.length > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const row = await millrace.row('app', keyOfLease(shard))
  assert.deepEqual(events, ['records 5', 'shutdownRequested'])
  assert.deepEqual([row?.leaseOwner, row?.checkpointOwner], [{ S: 'java' }, undefined])
  assert.notEqual(row?.checkpoint?.S, 'TRIM_HORIZON')
  assert.ok(Number(row?.throughputKBps?.N) >= 0)
  await consumer.stop()
  assert.equal(await millrace.row('app', keyOfLease('ts')), undefined, 'its report is gone')
})
