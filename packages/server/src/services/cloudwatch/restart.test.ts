import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { ManualClock } from '@millrace/ports'
import { startMillrace } from '../../main.ts'
import { startMs } from './fixture.ts'

test('metrics in a data folder outlive the server, and so does its certificate', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'millrace-metrics-'))
  t.after(() => rm(data, { recursive: true }))
  const clock = new ManualClock(startMs)
  const authorities = new Set<string | undefined>()
  const sums: (number | undefined)[] = []
  for (let start = 0; start < 3; start++) {
    const server = await startMillrace({ data, clock, tls: true })
    authorities.add(server.authority?.pem)
    const client = new CloudWatchClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    })
    await client.send(new PutMetricDataCommand({ Namespace: 'n', MetricData: [{ MetricName: 'm', Value: 1 }] }))
    if (start === 1) await clock.advance(120_000)
    const range = { StartTime: new Date(startMs - 60_000), EndTime: new Date(startMs + 600_000) }
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({ Namespace: 'n', MetricName: 'm', Statistics: ['Sum'], Period: 3600, ...range }),
    )
    sums.push(Datapoints?.[0]?.Sum)
    client.destroy()
    await server.stop()
  }
  assert.deepEqual(sums, [1, 2, 3])
  assert.equal(authorities.size, 1)
})
