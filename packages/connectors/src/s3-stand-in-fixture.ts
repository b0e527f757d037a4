import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'

type StoredObject = { readonly body: Buffer; readonly contentType: string | undefined }

/**
 * As much of S3 as PutObject needs, and strict about it: signed requests, lengths and checksums that fit what came. Takes an
 * object whole or not at all.
 */
export class S3StandIn {
  readonly objects = new Map<string, StoredObject>()
  failing: { readonly status: number; readonly code: string } | undefined
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#put(request).then(({ status, code }) => {
        const body = code ? `<Error><Code>${code}</Code><Message>${code}</Message></Error>` : ''
        response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
      })
    })
  }

  static async open(): Promise<S3StandIn> {
    const standIn = new S3StandIn()
    await once(standIn.#server.listen(0, '127.0.0.1'), 'listening')
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #put(request: IncomingMessage): Promise<{ status: number; code?: string }> {
    const body = await bodyOf(request)
    const { headers } = request
    if (this.failing) return this.failing
    if (request.method !== 'PUT') return { status: 405, code: 'MethodNotAllowed' }
    if (!headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=')) return { status: 403, code: 'AccessDenied' }
    if (Number(headers['content-length']) !== body.length) return { status: 400, code: 'IncompleteBody' }
    const declared = headers['x-amz-checksum-crc32']
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(body))
    if (declared === undefined || declared !== checksum.toString('base64')) return { status: 400, code: 'BadDigest' }
    const [, bucket, ...key] = new URL(request.url!, 'http://any').pathname.split('/').map(decodeURIComponent)
    this.objects.set(`${bucket}/${key.join('/')}`, { body, contentType: headers['content-type'] })
    return { status: 200 }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
