import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import { type Random, silentLogger, systemClock } from '@millrace/ports'
import { AwsError } from '../core/aws-error.ts'
import { EventStream, operation, type Service } from '../core/operation.ts'
import { blob, integer, list, optional, string, structure } from '../core/shapes.ts'
import { type GatewayOptions, openGateway } from './gateway.ts'

/** What the fake service's operations did, and what a test lets them wait for. */
export type Trace = { written: number; ended: boolean; release?: () => void }

/** A service with one operation for each kind of answer; `Trickle` streams blobs for as long as anyone reads. */
function fakeService(): Service & { trace: Trace } {
  const trace: Trace = { written: 0, ended: false }
  const echo = operation({
    name: 'Echo',
    input: structure({
      Name: optional(string({ min: 1, max: 8 })),
      Data: optional(blob()),
      Limit: optional(integer()),
    }),
    resource: () => undefined,
    rate: { perSecond: 2, per: 'account' },
    handle: async (_context, input) => ({ ...input, At: new Date(1_700_000_000_123), Nothing: undefined }),
  })
  const batch = operation({
    name: 'Batch',
    input: structure({ Records: list(structure({ Data: blob(), PartitionKey: string({ min: 1 }) }), { min: 1 }) }),
    resource: () => undefined,
    handle: async (_context, { Records }) => ({ Count: Records.length }),
  })
  const nothing = operation({
    name: 'Nothing',
    input: structure({}),
    resource: () => undefined,
    handle: async () => undefined,
  })
  const broken = operation({
    name: 'Broken',
    input: structure({}),
    resource: () => undefined,
    handle: async () => {
      throw new Error('secret /etc/passwd')
    },
  })
  const slow = operation({
    name: 'Slow',
    input: structure({}),
    resource: () => undefined,
    handle: () =>
      new Promise((resolve) => {
        trace.release = () => resolve({ Done: true })
      }),
  })
  const trickle = operation({
    name: 'Trickle',
    input: structure({ Fail: optional(integer()) }),
    resource: () => undefined,
    handle: async (_context, { Fail }) => new EventStream(events(trace, Fail)),
  })
  const all = [echo, batch, nothing, broken, slow, trickle]
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  const operations = new Map(all.map((declared) => [declared.name, declared as any]))
  return { name: 'fake', targetPrefix: 'Fake_1', operations, context: {}, trace }
}

async function* events(trace: Trace, fail: number | undefined) {
  try {
    for (;;) {
      if (fail !== undefined && trace.written === fail) throw new AwsError('ResourceNotFoundException', 'gone')
      trace.written++
      yield { Piece: { Data: new Uint8Array(64 * 1024), At: new Date(1000) } }
    }
  } finally {
    trace.ended = true
  }
}

const systemRandom: Random = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() }

/** A gateway on a free port before the fake service, closed at the end of the test. */
export async function gatewayFixture(
  t: { after(fn: () => Promise<void>): void },
  options: Partial<GatewayOptions> = {},
) {
  const service = fakeService()
  const gateway = await openGateway({
    services: [service],
    place: { accountId: '000000000000', region: 'us-east-1' },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    host: '127.0.0.1',
    port: 0,
    operationRates: false,
    ...options,
  })
  t.after(() => gateway.close())
  return { ...gateway, gateway, trace: service.trace }
}

export const signature =
  'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00'

export const signedHeaders = (name: string, contentType = 'application/x-amz-json-1.1') => ({
  'content-type': contentType,
  'x-amz-target': `Fake_1.${name}`,
  'x-amz-date': '20260101T000000Z',
  authorization: signature,
})

export type Answer = { status: number; headers: http.IncomingHttpHeaders; body: Buffer; text: string }

/** One HTTP/1.1 call on a connection of its own. */
export function call(
  port: number,
  { method = 'POST', path = '/', headers, body = '{}' }: CallOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const all = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, text: all.toString() })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

export type CallOptions = {
  method?: string
  path?: string
  headers: http.OutgoingHttpHeaders
  body?: string | Uint8Array
}

/** Sends pieces of bytes as they are, one packet each, and gives back all that came until the server closed. */
export async function rawConversation(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => {})
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await closed
  const all = Buffer.concat(chunks).toString('latin1')
  assert.ok(socket.destroyed)
  return all
}
