import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { crc32 } from 'node:zlib'

export type Received = {
  readonly method: string
  /** `/BUCKET/KEY` */
  readonly path: string
  /** What stands behind the question mark. */
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Another answer than what S3 would give; undefined lets it go through. */
export type Fault = (request: Received) => Faulty | Promise<Faulty>
type Faulty = { readonly status: number; readonly code: string } | undefined

/** Takes objects as S3 does, whole and in parts, and refuses what does not match its checksum. */
export async function s3StandIn(t: TestContext, fault: Fault = () => undefined) {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  const requests: Received[] = []

  async function answered(
    request: Received,
  ): Promise<[status: number, headers: Record<string, string>, body: string | Buffer]> {
    const { body, headers, method, path, query } = request
    const faulty = await fault(request)
    if (faulty) return [faulty.status, {}, errorXml(faulty.code)]
    if (method === 'GET') {
      const object = objects.get(path)
      if (!object) return [404, {}, errorXml('NoSuchKey')]
      const last = Number(/^bytes=0-(\d+)$/.exec(headers.range ?? '')?.[1] ?? object.byteLength - 1)
      return [206, {}, object.subarray(0, last + 1)]
    }
    const uploadId = query.get('uploadId')
    if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${uploads.size + 1}`
      uploads.set(id, new Map())
      return [200, {}, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`]
    }
    if (method === 'DELETE' && uploadId) {
      uploads.delete(uploadId)
      return [204, {}, '']
    }
    if (method === 'POST' && uploadId) {
      const parts = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
        Number(number),
      )
      objects.set(path, Buffer.concat(parts.map((number) => uploads.get(uploadId)!.get(number)!)))
      uploads.delete(uploadId)
      return [200, {}, '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>']
    }
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(body))
    if (headers['x-amz-checksum-crc32'] !== checksum.toString('base64')) return [400, {}, errorXml('BadDigest')]
    if (uploadId) uploads.get(uploadId)!.set(Number(query.get('partNumber')), body)
    else objects.set(path, body)
    return [200, { etag: '"x"', 'x-amz-checksum-crc32': checksum.toString('base64') }, '']
  }

  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    const url = new URL(message.url!, 'http://s3')
    const { headers, method = '' } = message
    const request = {
      method,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers,
      body: Buffer.concat(chunks),
    }
    requests.push(request)
    const [status, more, body] = await answered(request)
    response.writeHead(status, { ...more, 'content-type': 'application/xml' }).end(body)
  }
  const server = createServer((message, response) => void answer(message, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, objects, requests, uploads }
}

const errorXml = (code: string) => `<Error><Code>${code}</Code><Message>${code} was made to happen</Message></Error>`
