import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { Consumer } from './consumer.ts'
import { keyOfLease, openMillrace } from './millrace-fixture.ts'

/** What workers in their own processes said, all together. */
class Said {
  readonly records = new Map<string, number>()
  readonly shards = new Set<string>()
  #wake = () => {}

  hear(line: string): void {
    const [what, which] = line.split(' ') as [string, string]
    if (what === 'record') this.records.set(which, (this.records.get(which) ?? 0) + 1)
    else this.shards.add(which)
    this.#wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }
}

function startWorker(said: Said, url: string, name: string, retrieval: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'worker-fixture.ts'), url, name, retrieval], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface(child.stdout).on('line', (line) => said.hear(line))
  return child
}

for (const retrieval of ['polling', 'fan-out'])
  test(`${retrieval}: of two processes one is killed during a split and a merge, and no record is missed`, async (t) => {
    await using millrace = await openMillrace(4)
    const said = new Said()
    const first = startWorker(said, millrace.url, 'first', retrieval)
    const second = startWorker(said, millrace.url, 'second', retrieval)
    t.after(() => {
      first.kill('SIGKILL')
      second.kill('SIGKILL')
    })
    const owners = async () => {
      const rows = await Promise.all(
        [0, 1, 2, 3].map((i) => millrace.row('app', keyOfLease(`shardId-00000000000${i}`))),
      )
      return new Set(rows.map((row) => row?.leaseOwner?.S))
    }
    await millrace.put(0, 100)
    await said.until(() => said.records.size === 100)
    // The second joined later, perhaps: its share comes to it.
    while ((await owners()).size < 2) await new Promise((resolve) => setTimeout(resolve, 50))
    await millrace.put(100, 100)
    await Promise.all([millrace.split('shardId-000000000000', 2n ** 125n)])
    await millrace.put(200, 100)
    first.kill('SIGKILL')
    const killedMs = performance.now()
    await millrace.merge('shardId-000000000001', 'shardId-000000000002')
    await millrace.put(300, 100)
    await said.until(() => said.records.size === 400)
    const tookMs = performance.now() - killedMs
    const repeated = [...said.records.values()].filter((times) => times > 1).length
    t.diagnostic(`${Math.round(tookMs)} ms after the kill everything was processed; ${repeated} records were repeated`)

    second.kill('SIGTERM')
    const [code] = await once(second, 'exit')
    assert.equal(code, 0)
    for (const owner of await owners()) assert.notEqual(owner, 'second')
  })

test('a lease table that is deleted under a worker is made again with what he knew', async () => {
  // Changes that take no time at all have no answer for DeleteTable.
  await using millrace = await openMillrace(2, { transitionMs: 5 })
  const seen = new Map<string, number>()
  let wake = () => {}
  const until = async (count: number) => {
    while (seen.size < count)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  const consumer = new Consumer(
    millrace,
    {
      applicationName: 'app',
      streamName: 's',
      initialPosition: 'TRIM_HORIZON',
      // A worker that hears nothing from the table for so long has lost its leases: longer than a new table takes anywhere.
      failoverTimeMs: 6000,
      takeIntervalMs: 100,
      idleTimeBetweenReadsMs: 20,
    },
    () => ({
      async processRecords({ records, checkpointer }) {
        for (const { data } of records) {
          const text = Buffer.from(data).toString()
          seen.set(text, (seen.get(text) ?? 0) + 1)
        }
        await checkpointer.checkpoint().catch(() => {})
        wake()
      },
      shutdownRequested: ({ checkpointer }) => checkpointer.checkpoint(),
    }),
  )
  await consumer.start()
  await millrace.put(0, 50)
  await until(50)
  await millrace.dynamodb.send(new DeleteTableCommand({ TableName: 'app' }))
  await millrace.put(50, 50)
  await until(100)
  const isThere = async () =>
    (await millrace.row('app', keyOfLease('shardId-000000000001')).catch(() => undefined)) !== undefined
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20))
  await millrace.put(100, 50)
  await until(150)
  await consumer.stop()
  assert.match((await millrace.row('app', keyOfLease('shardId-000000000000')))?.checkpoint?.S ?? '', /^\d+$/)
})
