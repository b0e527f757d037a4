import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListStreamsCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { startMillrace } from '../../packages/server/src/index.ts'
import { missing } from '../clients/installed.ts'
import { connectionTo } from '../harness/connection.ts'
import { type Attempt, attack } from './browser-page.ts'

/*
 * A real browser opens a page of somebody else while Millrace runs on the user's machine without an identity file, where any
 * request that gets through would be believed.
 */

const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
const browser = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ?? names[0]!
const skip = missing('Chromium', browser, ['--version'])

test('pages of other origins change nothing and read nothing', { skip, timeout: 600_000 }, async (t) => {
  const { millrace, unharmed } = await victim(t)
  const evil = await evilServer(t, () => millrace.url)
  for (const origin of [
    `http://127.0.0.1:${evil.port}`,
    `http://localhost:${evil.port}`,
    `http://evil.example:${evil.port}`,
  ])
    for (const target of [millrace.url, `http://localhost:${millrace.port}`]) {
      const attempts = await evil.attempts(`${origin}/?${target}`, ['--host-resolver-rules=MAP evil.example 127.0.0.1'])
      t.diagnostic(`${attempts.length} attempts by ${new URL(origin).hostname} at ${new URL(target).hostname}`)
      assert.ok(attempts.length > 150, 'all of them were made')
      assert.deepEqual(
        attempts.filter(({ read }) => read !== undefined),
        [],
      )
    }
  await unharmed()
})

test('a name that is turned to loopback while its page is open gives the page nothing', {
  skip,
  timeout: 600_000,
}, async (t) => {
  const { millrace, unharmed } = await victim(t)
  const evil = await evilServer(t, () => millrace.url)
  // As if the name had another address at the page's first request than at all others: the same origin, for the browser.
  const origin = `http://evil.example:${millrace.port}`
  const attempts = await evil.attempts(`${origin}/attack?${origin}`, [
    `--proxy-server=http://127.0.0.1:${evil.port}`,
    '--proxy-bypass-list=<-loopback>',
  ])
  t.diagnostic(`${attempts.length} attempts by a rebound name, ${evil.passedOn()} requests reached the server`)
  assert.ok(evil.passedOn() > 50, 'the browser took it for its own origin')
  const read = attempts.filter(({ read: text }) => text !== undefined && !/^403 |AccessDeniedException/.test(text))
  assert.deepEqual(read, [], 'nothing but refusals can be read')
  await unharmed()
})

async function victim(t: TestContext) {
  const millrace = await startMillrace()
  t.after(() => millrace.stop())
  const settings = {
    ...connectionTo(millrace),
  }
  const kinesis = new KinesisClient(settings)
  const dynamodb = new DynamoDBClient(settings)
  const cloudwatch = new CloudWatchClient(settings)
  t.after(() => {
    for (const client of [kinesis, dynamodb, cloudwatch]) client.destroy()
  })
  await kinesis.send(new CreateStreamCommand({ StreamName: 'victim', ShardCount: 1 }))
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { StreamName: 'victim' })
  const unharmed = async () => {
    assert.deepEqual((await kinesis.send(new ListStreamsCommand({}))).StreamNames, ['victim'])
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName: 'victim',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    )
    assert.deepEqual((await kinesis.send(new GetRecordsCommand({ ShardIterator }))).Records, [])
    assert.deepEqual((await dynamodb.send(new ListTablesCommand({}))).TableNames, [])
    assert.deepEqual((await cloudwatch.send(new ListMetricsCommand({ Namespace: 'Evil' }))).Metrics, [])
  }
  return { millrace, unharmed }
}

/** Gives the page, takes what it tells; and is the proxy that plays a name with two addresses. */
async function evilServer(t: TestContext, target: () => string) {
  let told: (attempts: Attempt[]) => void = () => {}
  let passedOn = 0
  const server = http.createServer((request, response) => {
    const { url = '', method } = request
    if (url.endsWith('/told')) {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        response.end()
        told(JSON.parse(text) as Attempt[])
      })
      return
    }
    if (/^http:.*\/attack\?/.test(url) || (url.startsWith('/?http') && method === 'GET')) {
      response.setHeader('content-type', 'text/html')
      response.end(page)
      return
    }
    if (!url.startsWith('http:')) return void response.writeHead(404).end()
    passedOn++
    const { pathname, search } = new URL(url)
    const onward = http.request(target() + pathname + search, { method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    passedOn: () => passedOn,
    async attempts(url: string, options: string[]): Promise<Attempt[]> {
      const folder = mkdtempSync(join(tmpdir(), 'browser-'))
      let child: ChildProcess | undefined
      try {
        const all = new Promise<Attempt[]>((resolve) => {
          told = resolve
        })
        const flags = [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          `--user-data-dir=${folder}`,
          '--remote-debugging-pipe',
        ]
        child = spawn(browser, [...flags, ...options, url], {
          stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
          detached: true,
        })
        let complaint = ''
        child.stderr!.on('data', (chunk) => {
          complaint += chunk
        })
        const ended = once(child, 'exit').then(([code]) => assert.fail(`the browser ended with ${code}: ${complaint}`))
        ended.catch(() => {})
        return await Promise.race([all, ended])
      } finally {
        if (child?.exitCode === null) {
          const gone = once(child, 'exit')
          process.kill(-child.pid!, 'SIGKILL') // and what it has started
          await gone
        }
        for (const stream of child?.stdio ?? []) stream?.destroy()
        rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
      }
    },
  }
}

/** The function's text, without types: Node has taken them away. */
const page = `<!doctype html><body><script>
const attack = ${attack.toString()}
attack(location.search.slice(1)).then((attempts) => fetch('/told', { method: 'POST', body: JSON.stringify(attempts) }))
</script></body>`
