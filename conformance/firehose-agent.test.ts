import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateDeliveryStreamCommand, DescribeDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose'
import { foregroundClock } from '@millrace/ports'
import { readAgentConfig, runAgent } from '../packages/agent/src/index.ts'
import { startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'

/* Lines of a file, by the agent to a delivery stream, to objects in a bucket. */

const pause = () => foregroundClock.sleep(20)

test('every line that the agent finds arrives once and in order, also of a file that was rotated', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-agent-firehose-'))
  const millrace = await startMillrace({ data: join(folder, 'data'), transitionMs: 0 })
  const firehose = new FirehoseClient({ ...connectionTo(millrace) })
  t.after(async () => {
    firehose.destroy()
    await millrace.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const DeliveryStreamName = 'lines'
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      ExtendedS3DestinationConfiguration: {
        ...{ RoleARN: 'arn:aws:iam::000000000000:role/r', BucketARN: 'arn:aws:s3:::lake' },
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 },
      },
    }),
  )
  const status = async () =>
    (await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))).DeliveryStreamDescription
  while ((await status())!.DeliveryStreamStatus !== 'ACTIVE') await pause()

  const log = join(folder, 'app.log')
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('')
  writeFileSync(log, numbered(0, 1200))
  const flow = { filePattern: `${log}*`, deliveryStream: DeliveryStreamName, initialPosition: 'START_OF_FILE' }
  const settings = { 'firehose.endpoint': millrace.url, 'cloudwatch.emitMetrics': false, flows: [flow] }
  const { config } = readAgentConfig(JSON.stringify(settings), 2)
  const agent = await runAgent({ config, state: join(folder, 'state'), env: {} })
  const delivered = () => linesOf(join(folder, 'data', 'buckets', 'lake'))
  while (delivered().length < 1200) await pause()
  renameSync(log, `${log}.1`)
  appendFileSync(`${log}.1`, numbered(1200, 1300))
  writeFileSync(log, numbered(1300, 2000))
  while (delivered().length < 2000) await pause()
  await agent.stop()
  assert.deepEqual(
    delivered(),
    Array.from({ length: 2000 }, (_, i) => `line ${i}`),
  )
})

/** The lines of all objects, in the order of the first line of each. */
function linesOf(bucket: string): string[] {
  if (!existsSync(bucket)) return []
  const files = readdirSync(bucket, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.new'),
  )
  return files
    .map((file) => ({ name: file.name, text: readFileSync(join(file.parentPath, file.name), 'utf8') }))
    .map(({ text }) => text.split('\n').filter(Boolean))
    .sort((a, b) => Number(a[0]!.slice(5)) - Number(b[0]!.slice(5)))
    .flat()
}
