import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import { startMillrace } from '../../packages/server/src/index.ts'
import { missing } from '../clients/installed.ts'
import { connectionTo } from '../harness/connection.ts'
import { build, classpathOf } from '../jvm/programs.ts'

/* A real OpenSearch 2, started from its jars: what its bulk API takes, refuses, and has after it was killed. */

const skip = missing('Java', 'javac', ['-version']) ?? missing('Maven', 'mvn', ['-version'])

/** OpenSearch in a folder of its own; `kill` ends it as a power cut would. */
class Cluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-opensearch-'))
  readonly port: number
  #node: ChildProcess | undefined

  constructor(port: number) {
    this.port = port
    mkdirSync(join(this.#folder, 'config'))
  }

  start(): void {
    const java = ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j2.disable.jmx=true']
    const program = ['-cp', classpathOf('opensearch')!, 'SearchNode', this.#folder, `${this.port}`]
    this.#node = spawn('java', [...java, ...program], { stdio: 'ignore', cwd: this.#folder })
  }

  async isUp(): Promise<void> {
    while (!(await this.#answers())) {
      assert.equal(this.#node?.exitCode, null, 'OpenSearch has ended')
      await pause(100)
    }
  }

  async #answers(): Promise<boolean> {
    const health = `http://127.0.0.1:${this.port}/_cluster/health?wait_for_status=yellow&timeout=5s`
    return await fetch(health).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  async kill(): Promise<void> {
    if (!this.#node || this.#node.exitCode !== null || this.#node.signalCode !== null) return
    const ended = once(this.#node, 'exit')
    this.#node.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Documents of an index, by id. */
  async documents(index: string): Promise<Map<string, Record<string, unknown>>> {
    const url = `http://127.0.0.1:${this.port}/${index}`
    await fetch(`${url}/_refresh`, { method: 'POST' })
    const answer = await fetch(`${url}/_search?size=10000`)
    const { hits } = (await answer.json()) as {
      readonly hits?: { readonly hits: readonly { readonly _id: string; readonly _source: Record<string, unknown> }[] }
    }
    return new Map((hits?.hits ?? []).map(({ _id, _source }) => [_id, _source]))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function fixture(t: TestContext) {
  build('opensearch')
  const cluster = new Cluster(await freePort())
  t.after(() => cluster.close())
  cluster.start()
  const data = mkdtempSync(join(tmpdir(), 'millrace-ends-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  const server = await startMillrace({
    ...{ data, limits: 'off', transitionMs: 0, endpoints: 'any', privateAddresses: ['127.0.0.0/8'] },
  })
  t.after(() => server.stop())
  const firehose = new FirehoseClient({ ...connectionTo(server) })
  t.after(() => firehose.destroy())
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'orders',
      AmazonopensearchserviceDestinationConfiguration: {
        RoleARN: 'arn:aws:iam::000000000000:role/any',
        ClusterEndpoint: `http://127.0.0.1:${cluster.port}`,
        IndexName: 'orders',
        TypeName: 'ignored',
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        RetryOptions: { DurationInSeconds: 600 },
        S3Configuration: {
          RoleARN: 'arn:aws:iam::000000000000:role/any',
          BucketARN: 'arn:aws:s3:::failed',
          BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        },
      },
    }),
  )
  const describe = new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'orders' })
  while ((await firehose.send(describe)).DeliveryStreamDescription!.DeliveryStreamStatus !== 'ACTIVE') await pause(10)
  const put = (texts: readonly string[]) =>
    firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: 'orders',
        Records: texts.map((text) => ({ Data: Buffer.from(text) })),
      }),
    )
  const failed = () => {
    const folder = join(data, 'buckets/failed')
    if (!existsSync(folder)) return []
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return names.flatMap((entry) =>
      readFileSync(join(entry.parentPath, entry.name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
  }
  return { cluster, failed, put }
}

const byCode = (a: { errorCode: string }, b: { errorCode: string }) => a.errorCode.localeCompare(b.errorCode)

const settings = { timeout: 600_000, ...(skip !== undefined && { skip }) }

test(
  'every record is one document, what makes no sense fails alone, and a kill loses and doubles nothing',
  settings,
  async (t) => {
    const { cluster, failed, put } = await fixture(t)
    const startedMs = performance.now()
    await cluster.isUp()
    t.diagnostic(`OpenSearch is up after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)

    const index = `orders-${new Date().toISOString().slice(0, 10)}`
    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `{"n":${from + i}}`)
    await put(numbers(0, 400))
    while ((await cluster.documents(index)).size < 400) await pause(100) // what n is, is known from now on
    await put(['{"n":"not a number"}', ...numbers(400, 410), '{"n":1}\n{"n":2}'])

    // Killed in the middle of what comes now, and there again while more comes.
    for (let from = 410; from < 2410; from += 100) {
      await put(numbers(from, from + 100))
      if (from === 1010) await cluster.kill()
      if (from === 1410) cluster.start()
    }
    await cluster.isUp()
    let documents = await cluster.documents(index)
    while (documents.size < 2410) {
      await pause(200)
      documents = await cluster.documents(index)
    }
    assert.deepEqual(
      [...documents.values()].map(({ n }) => n as number).sort((a, b) => a - b),
      Array.from({ length: 2410 }, (_, n) => n),
    )
    assert.match([...documents.keys()][0]!, /^49\d{54}\.0$/)

    while (failed().length < 2) await pause(100)
    assert.deepEqual(
      failed()
        .sort(byCode)
        .map(({ errorCode, esIndexName, esTypeName, rawData }) => ({
          ...{ errorCode, esIndexName, esTypeName, text: Buffer.from(rawData, 'base64').toString() },
        })),
      [
        { errorCode: '400', esIndexName: index, esTypeName: 'ignored', text: '{"n":"not a number"}' },
        { errorCode: 'OS.MalformedData', esIndexName: index, esTypeName: 'ignored', text: '{"n":1}\n{"n":2}' },
      ],
    )
    assert.match(failed().sort(byCode)[0].errorMessage, /mapper .*\[n\]|\[n\] of type/)
  },
)
