import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ServiceCall = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type ServiceAnswer = { readonly status?: number; readonly type?: string; readonly body: string }

/** An HTTP service on the loopback that remembers its calls and answers as a test says. */
export class ServiceStandIn {
  readonly calls: ServiceCall[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(answer: (call: ServiceCall) => ServiceAnswer): Promise<ServiceStandIn> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const { method = '', url: path = '', headers } = request
      const call = { method, path, headers, body: Buffer.concat(parts).toString() }
      standIn.calls.push(call)
      const { status = 200, type = 'text/plain', body } = answer(call)
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'r' }).end(body)
    })
    const standIn = new ServiceStandIn(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/**
 * Firehose, as far as PutRecordBatch goes, and strict about it: JSON 1.1, its limits, its answers.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
export function firehoseAnswer(call: ServiceCall, take: (data: Buffer) => string | undefined): ServiceAnswer {
  const type = 'application/x-amz-json-1.1'
  const refuse = (sentence: string) => ({
    status: 400,
    type,
    body: JSON.stringify({ __type: 'InvalidArgumentException', message: sentence }),
  })
  if (call.headers['content-type'] !== type) return refuse(`content type ${call.headers['content-type']}`)
  if (call.headers['x-amz-target'] !== 'Firehose_20150804.PutRecordBatch') return refuse('unknown operation')
  if (!/^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[\w-]+\/firehose\//.test(call.headers.authorization ?? ''))
    return refuse('not signed for firehose')
  const input = JSON.parse(call.body) as { DeliveryStreamName: string; Records: { Data: string }[] }
  if (
    Object.keys(input)
      .sort((a, b) => (a < b ? -1 : 1))
      .join() !== 'DeliveryStreamName,Records'
  )
    return refuse('members')
  const records = input.Records.map(({ Data }) => Buffer.from(Data, 'base64'))
  const bytes = records.reduce((sum, { length }) => sum + length, 0)
  if (records.length < 1 || records.length > 500 || bytes > 4 * 1024 * 1024) return refuse('too many records or bytes')
  if (records.some(({ length }) => length > 1000 * 1024)) return refuse('record too long')
  const results = records.map((data, i) => {
    const error = take(data)
    return error === undefined ? { RecordId: `${i}` } : { ErrorCode: error, ErrorMessage: 'Slow down.' }
  })
  const FailedPutCount = results.filter((result) => 'ErrorCode' in result).length
  return { type, body: JSON.stringify({ FailedPutCount, Encrypted: false, RequestResponses: results }) }
}
