import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { CreateStreamCommand, KinesisClient, PutRecordsCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { startMillrace } from '../../server/src/index.ts'

const connectors = join(import.meta.dirname, '..')

test('the program in docs/connectors.md runs as it stands, and ends when it is told to', async (t) => {
  const millrace = await startMillrace({ port: 0, transitionMs: 0 })
  t.after(() => millrace.stop())
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const kinesis = new KinesisClient({ endpoint: millrace.url, region: 'us-east-1', credentials })
  t.after(() => kinesis.destroy())
  const StreamName = 'orders'
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 20, minDelay: 1 }, { StreamName })
  const orders = [{ id: 'a', customer: 'x', total: 2 }, { id: 'free', customer: 'x', total: 0 }, 'no order']
  const Records = orders.map((order) => ({
    PartitionKey: 'k',
    Data: Buffer.from(typeof order === 'string' ? order : JSON.stringify(order)),
  }))
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }))

  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(connectors, '../../docs/connectors.md'), 'utf8'))!
  // Packages are found from here, and the checks of the house do not look into it.
  const folder = join(connectors, `.program-${process.pid}`)
  mkdirSync(folder)
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'program.ts')
  writeFileSync(path, program!.replace('http://127.0.0.1:4567', millrace.url))
  const child = spawn(process.execPath, [path], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' },
  })
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const written = (name: string) => {
    const directory = join(folder, name)
    if (!existsSync(directory)) return []
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  }
  while (written('orders').length === 0 || written('failed').length === 0) {
    assert.equal(child.exitCode, null, 'the program goes on')
    await pause(50)
  }
  child.kill('SIGTERM')
  await exited
  assert.deepEqual(written('orders'), ['{"id":"a","customer":"x","cents":200}\n'])
  assert.equal(JSON.parse(written('failed')[0]!).stage, 'transform')
})
