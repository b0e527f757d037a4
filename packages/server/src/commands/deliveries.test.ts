import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Clock } from '@millrace/ports'
import type { DeliveryView } from '../services/firehose/delivery/delivery-view.ts'
import { deliveriesCommand } from './deliveries.ts'
import { deliveriesTable } from './deliveries-table.ts'

const view = (name: string, more: Partial<DeliveryView> = {}): DeliveryView => ({
  ...{
    name,
    status: 'ACTIVE',
    version: 1,
    source: 'DirectPut',
    destination: { kind: 'ExtendedS3', name: 'arn:aws:s3:::lake' },
  },
  in: { records: 0, bytes: 0 },
  buffered: { records: 0, bytes: 0, partitions: 0 },
  out: { records: 0, bytes: 0, batches: 0 },
  ...{ waiting: {}, failedRecords: 0, ...more },
})

/** A server that answers with one page after the other, and then with the last of them. */
async function server(t: TestContext, ...pages: (readonly DeliveryView[] | 'not found')[]) {
  let asked = 0
  const listener = createServer((request, response) => {
    const page = pages[Math.min(asked++, pages.length - 1)]!
    response.statusCode = request.url === '/deliveries' && page !== 'not found' ? 200 : 404
    response.end(JSON.stringify({ deliveries: page }))
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => listener.close())
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

/** A second passes with each sleep; after so many of them Ctrl-C is pressed. */
function surroundings(sleeps = Number.POSITIVE_INFINITY) {
  let nowMs = 0
  const stopping = new AbortController()
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => () => {},
    async sleep(ms) {
      nowMs += ms
      if (--sleeps === 0) stopping.abort()
    },
  }
  return { clock, env: {}, stopped: () => stopping.signal }
}

function output(more: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
  const written: string[] = []
  return { write: (text: string) => void written.push(text), written, ...more }
}

test('each delivery stream is a line: rates between two looks, sums beside them', async (t) => {
  const endpoint = await server(
    t,
    [view('orders', { in: { records: 100, bytes: 1000 } }), view('views')],
    [
      view('orders', {
        in: { records: 1300, bytes: 1_201_000 },
        buffered: { records: 700, bytes: 700_000, partitions: 3 },
        out: { records: 500, bytes: 500_000, batches: 2 },
        waiting: { records: 12_000, bytes: 12_000_000 },
        ...{ oldestAgeMs: 4200, failedRecords: 7 },
        lastError: { atMs: Date.UTC(2026, 0, 2, 3, 4, 5), code: 'S3.PutFailed', message: 'no\x1b[2J room\n' },
      }),
      view('views', {
        ...{ status: 'DELETING', source: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks' },
        waiting: { behindMs: 7_200_000 },
      }),
    ],
  )
  const out = output()
  assert.equal(await deliveriesCommand(['--endpoint', endpoint], out, output(), surroundings()), 0)
  const lines = out.written.join('').split('\n')
  assert.match(lines[0]!, /^NAME +FROM +TO +IN\/s +BUFFERED +OUT\/s +BATCHES +WAITING +OLDEST +FAILED$/)
  assert.match(
    lines[1]!,
    /^orders +DirectPut +s3:\/\/lake +1,200 +1\.2 MB +700 +700 kB in 3 +500 +2 +12,000 +~12 MB +4\.2 s +7$/,
  )
  assert.equal(lines[2], '  last error 2026-01-02 03:04:05Z  S3.PutFailed: no [2J room ')
  assert.match(lines[3]!, /^views \(DELETING\) +stream clicks .* 2\.0 h +- +0$/)
})

test('--json is what the server said, as one line', async (t) => {
  const endpoint = await server(t, [view('orders')])
  const out = output({ isTTY: true })
  assert.equal(await deliveriesCommand(['--json', '--endpoint', endpoint], out, output(), surroundings()), 0)
  assert.deepEqual(JSON.parse(out.written.join('')).deliveries[0].name, 'orders')
  assert.equal(out.written.length, 1)
})

test('on a terminal each second is written over the one before, a server that is away is told of, and Ctrl-C ends it', async (t) => {
  const endpoint = await server(t, [view('orders')], 'not found', [view('orders'), view('views')])
  const out = output({ isTTY: true, columns: 60, rows: 10 })
  assert.equal(await deliveriesCommand(['--endpoint', endpoint], out, output(), surroundings(3)), 0)
  const [hide, first, second, third, show] = out.written
  assert.deepEqual([hide, show], ['\x1b[?25l', '\x1b[?25h'])
  assert.ok(first!.startsWith('NAME') && first!.endsWith('\x1b[K\n\x1b[J'))
  assert.ok(second!.startsWith('\x1b[2A\rNAME'), JSON.stringify(second))
  assert.match(second!, /is no Millrace that knows of deliveries \(status 404\); trying again/)
  assert.ok(third!.startsWith('\x1b[3A\rNAME') && third!.includes('views'))
  for (const line of first!.split('\n')) assert.ok(line.replace('\x1b[K', '').length <= 60)
})

test('what is taller than the terminal is cut', async (t) => {
  const endpoint = await server(
    t,
    Array.from({ length: 30 }, (_, i) => view(`s-${i}`)),
  )
  const out = output({ isTTY: true, rows: 5 })
  await deliveriesCommand(['--endpoint', endpoint], out, output(), surroundings(1))
  assert.equal(out.written[1]!.split('\n').length - 1, 4)
})

test('no server, no delivery streams, and wrong options are told in a line each', async (t) => {
  const listening = await server(t, [])
  const gone = createServer()
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  for (const [args, code, said] of [
    [['--endpoint', `http://127.0.0.1:${port}`], 1, /^millrace deliveries: no server answers at http:.*ECONNREFUSED/],
    [['--endpoint', 'localhost:4567'], 2, /--endpoint must be a URL/],
    [['--nonsense'], 2, /nonsense/],
    [['--endpoint', listening], 0, /^There are no delivery streams\.\n$/],
    [['--help'], 0, /--once/],
  ] as const) {
    const [out, complaints] = [output(), output()]
    assert.equal(await deliveriesCommand([...args], out, complaints, surroundings()), code)
    assert.match([...out.written, ...complaints.written].join(''), said)
  }
})

test('a narrow terminal does without what is least missed, and keeps rates, age and failures', () => {
  const look = { atMs: 0, deliveries: [view('orders', { oldestAgeMs: 5000, failedRecords: 3 })] }
  assert.match(
    deliveriesTable(look, look, 90)[0]!,
    /^NAME +FROM +TO +IN\/s +BUFFERED +OUT\/s +WAITING +OLDEST +FAILED$/,
  )
  const [titles, row] = deliveriesTable(look, look, 56)
  assert.match(titles!, /^NAME +IN\/s +BUFFERED +OUT\/s +WAITING +OLDEST +FAILED$/)
  assert.match(row!, /^orders .* 5\.0 s +3$/)
})

test('the sums of a server that was started again make no negative rates', () => {
  const before = { atMs: 0, deliveries: [view('orders', { in: { records: 5000, bytes: 0 } })] }
  const now = { atMs: 1000, deliveries: [view('orders', { in: { records: 40, bytes: 0 } })] }
  assert.match(deliveriesTable(before, now, 200)[1]!, /s3:\/\/lake +40 /)
})
