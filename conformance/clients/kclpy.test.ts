import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { testKey } from '../harness/keys.ts'
import { base64, Kinesis } from '../harness/kinesis.ts'
import { onlyLocal } from '../harness/target.ts'
import { missing } from './installed.ts'

const kinesis = new Kinesis()
const skip = onlyLocal ?? missing('python3 with amazon_kclpy', 'python3', ['-c', 'import amazon_kclpy'])

test('a record processor of amazon_kclpy runs under millrace multilang, through a split', {
  ...(skip !== undefined && { skip }),
  timeout: 600_000,
}, async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 1 })
  const daemon = spawn(
    process.execPath,
    [
      ...[join(import.meta.dirname, '../../packages/server/src/bin.ts'), 'multilang'],
      ...['--executable', `python3 ${join(import.meta.dirname, 'kclpy_app.py')}`],
      ...['--stream', name, '--application', 'kclpy', '--endpoint', kinesis.target.url],
      ...['--set', 'initialPositionInStream=TRIM_HORIZON', '--set', 'idleTimeBetweenReadsInMillis=100'],
      ...['--set', 'failoverTimeMillis=2000', '--set', 'shardSyncIntervalMillis=500'],
      ...[
        '--set',
        `AwsCredentialsProvider=StaticCredentialsProvider|${testKey.accessKeyId}|${testKey.secretAccessKey}`,
        '--log-level',
        'warn',
      ],
    ],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  )
  t.after(() => daemon.kill('SIGKILL'))
  let said = ''
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const count = (line: RegExp) => said.match(line)?.length ?? 0
  const fifty = async (line: RegExp) => {
    while (count(line) < 50) await once(daemon.stderr, 'data', { signal: AbortSignal.timeout(300_000) })
  }
  const put = (prefix: string) =>
    kinesis.call('PutRecords', {
      StreamName: name,
      Records: Array.from({ length: 50 }, (_, i) => ({ PartitionKey: `k${i}`, Data: base64(`${prefix}-${i}`) })),
    })

  const startedAt = performance.now()
  await put('before')
  await fifty(/^record shardId-000000000000 /gm)
  await kinesis.call('SplitShard', {
    ...{ StreamName: name, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(2n ** 127n) },
  })
  await kinesis.active(name)
  await put('after')
  await fifty(/^record shardId-00000000000[12] k\d+ after-/gm)
  daemon.kill('SIGTERM')
  const [code] = await once(daemon, 'close')
  assert.equal(code, 0, said)
  assert.equal(count(/^record /gm), 100, 'each once')
  assert.equal(count(/^initialize shardId-00000000000\d TRIM_HORIZON$/gm), 3)
  assert.equal(count(/^shard_ended shardId-000000000000$/gm), 1)
  assert.equal(count(/^shutdown_requested shardId-00000000000[12]$/gm), 2)
  assert.equal(count(/^lease_lost /gm), 2)
  assert.ok(count(/^refused IllegalArgumentException$/gm) >= 3, said)
  t.diagnostic(`100 records of 3 shards in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, no JVM anywhere`)
})
