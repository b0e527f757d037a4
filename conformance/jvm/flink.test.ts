import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onceWithAuthentication } from '../harness/keys.ts'
import { missingProgram, startJava } from './running-program.ts'
import { StreamUnderTest } from './stream-under-test.ts'

const options = { skip: missingProgram('flink') ?? false, timeout: 600_000 }
const second = { ...options, skip: options.skip || (onceWithAuthentication ?? false) }

test("Flink's Kinesis connector reads a stream to the end through a split, polling", second, (t) => reads(t, 'polling'))

test("Flink's Kinesis connector reads a stream to the end through a split, with enhanced fan-out", options, (t) =>
  reads(t, 'fanout'),
)

/** What its job needs of a Java that keeps its own classes closed. */
const opened = ['java.util', 'java.lang', 'java.net', 'java.time'].flatMap((name) => [
  '--add-opens',
  `java.base/${name}=ALL-UNNAMED`,
])

async function reads(t: TestContext, mode: 'polling' | 'fanout'): Promise<void> {
  const stream = await StreamUnderTest.start(t, 2)
  await stream.putMany('before', 1000)
  const startedAt = performance.now()
  const job = startJava(
    t,
    'flink',
    'FlinkReader',
    { endpoint: stream.server.url, stream: stream.name, mode, count: 2000 },
    [...opened, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
  )
  await job.until('a record', 300_000, (events) => events.find(({ event }) => event === 'record'))
  await stream.split('shardId-000000000000')
  await stream.putMany('after', 1000)
  assert.equal(await job.ended(), 0, job.log)
  const read = job.all('record').map(({ data }) => data as string)
  assert.deepEqual(new Set(read), new Set(stream.put))
  assert.equal(read.length, stream.put.length, 'each once')
  t.diagnostic(
    `${mode}: ${read.length} records of 4 shards in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  )
}
