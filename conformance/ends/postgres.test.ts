import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { noPostgres, openPostgres } from '../../packages/connectors/src/postgres-fixture.ts'
import { startMillrace } from '../../packages/server/src/index.ts'
import { freePort } from '../../packages/server/src/services/firehose/destinations/redshift/load-fixture.ts'
import { objectsIn } from '../harness/buckets.ts'
import { connectionTo } from '../harness/connection.ts'

const settings = { timeout: 600_000, ...(noPostgres !== undefined && { skip: noPostgres }) }

test('a PostgreSQL that is killed while it copies loses no row and has none twice', settings, async (t) => {
  const clock = new ManualClock()
  const data = mkdtempSync(join(tmpdir(), 'millrace-ends-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  const port = await freePort()
  const postgres = await openPostgres({ port })
  t.after(() => postgres[Symbol.asyncDispose]())
  await postgres.pool.query('CREATE TABLE events (n int, text text)')
  const server = await startMillrace({
    ...{ data, clock, limits: 'off', transitionMs: 0, endpoints: 'any', privateAddresses: ['127.0.0.0/8'] },
  })
  t.after(() => server.stop())
  const firehose = new FirehoseClient({ ...connectionTo(server) })
  t.after(() => firehose.destroy())
  const RoleARN = 'arn:aws:iam::000000000000:role/any'
  const DeliveryStreamName = 'events'
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      RedshiftDestinationConfiguration: {
        ...{ RoleARN, Username: 'test', ClusterJDBCURL: `jdbc:postgresql://127.0.0.1:${port}/postgres` },
        CopyCommand: { DataTableName: 'events', CopyOptions: "JSON 'auto'" },
        RetryOptions: { DurationInSeconds: 7200 },
        S3Configuration: {
          ...{ RoleARN, BucketARN: 'arn:aws:s3:::stage', BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 10 } },
        },
      },
    }),
  )
  const describe = new DescribeDeliveryStreamCommand({ DeliveryStreamName })
  while ((await firehose.send(describe)).DeliveryStreamDescription!.DeliveryStreamStatus !== 'ACTIVE')
    await clock.advance(10)

  const count = 100_000
  const text = 'x'.repeat(100)
  for (let n = 0; n < count; n += 500) {
    const Records = Array.from({ length: 500 }, (_, i) => ({
      Data: Buffer.from(`${JSON.stringify({ n: n + i, text })}\n`),
    }))
    await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }))
  }
  const rows = async (): Promise<number> => {
    const { rows } = await postgres.pool.query('SELECT count(*)::int AS n FROM events')
    return rows[0]!.n as number
  }
  let kills = 0
  for (const startedMs = performance.now(); (await rows()) < count; ) {
    if (kills < 3 && performance.now() - startedMs > (kills + 1) * 150) {
      kills++
      await postgres.kill()
      await clock.advance(1000)
      await postgres.restart()
    }
    await clock.advance(300_000)
    await pause(20)
  }
  t.diagnostic(`${kills} kills, ${[...objectsIn(data, 'stage').keys()].length / 2} objects`)
  const { rows: found } = await postgres.pool.query(
    'SELECT count(*)::int AS n, count(DISTINCT n)::int AS d FROM events',
  )
  assert.deepEqual(found, [{ n: count, d: count }])
  assert.deepEqual(
    [...objectsIn(data, 'stage').keys()].filter((key) => key.startsWith('errors/')),
    [],
  )
})
