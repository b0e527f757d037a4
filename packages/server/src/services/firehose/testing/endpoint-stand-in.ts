import { gunzipSync } from 'node:zlib'
import type { Answer, Asked, StandIn } from './stand-in-server.ts'

/*
 * An endpoint that keeps Firehose's contract, and holds the other side to it, by AWS's "HTTP endpoint delivery request and
 * response specifications". What is not as it is written there is answered with 400 and the reason.
 */

export type Intake = {
  readonly path: string
  readonly accessKey?: string | undefined
  /** Of a request's body before compression. */
  readonly bodyBytesMax?: number
  /** What a request with a wrong key gets. */
  readonly refusal?: number
  /** Query parameters that must be there. */
  readonly query?: Readonly<Record<string, string>>
}

/** What Datadog documents for its logs: the API key as access key, 5 MB at most, 403 for a wrong key. */
export const datadogIntake = (accessKey: string): Intake => ({
  path: '/api/v2/logs',
  query: { 'dd-protocol': 'aws-kinesis-firehose' },
  accessKey,
  bodyBytesMax: 5_000_000,
  refusal: 403,
})

/** What New Relic documents: the license key as access key, 1 MB at most, 401 for a wrong key. */
export const newRelicIntake = (accessKey: string): Intake => ({
  path: '/firehose/v1',
  accessKey,
  bodyBytesMax: 1_000_000,
  refusal: 401,
})

export type Taken = {
  readonly requestId: string
  readonly timestamp: number
  readonly texts: readonly string[]
  readonly headers: Asked['headers']
  readonly commonAttributes: Readonly<Record<string, string>>
}

export class EndpointStandIn implements StandIn {
  /** Requests that it took, in order. */
  readonly taken: Taken[] = []
  /** All requests that kept the contract, whatever became of them. */
  readonly asked: Taken[] = []
  /** What a request gets instead of being taken. */
  instead: (asked: Taken) => Answer | Promise<Answer> | undefined = () => undefined
  readonly #intake: Intake

  constructor(intake: Intake = { path: '/' }) {
    this.#intake = intake
  }

  async answer(asked: Asked): Promise<Answer> {
    const read = this.#read(asked)
    if (typeof read === 'string') return failed(asked, 400, read)
    const { accessKey, bodyBytesMax = Number.POSITIVE_INFINITY, refusal = 401 } = this.#intake
    if (asked.headers['x-amz-firehose-access-key'] !== accessKey) return failed(asked, refusal, 'Access denied')
    if (read.sizeBytes > bodyBytesMax) return failed(asked, 413, 'Payload too large')
    this.asked.push(read.taken)
    const instead = await this.instead(read.taken)
    if (instead) return instead
    this.taken.push(read.taken)
    return { status: 200, ...json({ requestId: read.taken.requestId, timestamp: read.taken.timestamp + 1 }) }
  }

  #read({ method, path, query, headers, body }: Asked): string | { readonly taken: Taken; readonly sizeBytes: number } {
    const { path: wanted, query: parameters = {} } = this.#intake
    if (method !== 'POST' || path !== wanted) return `${method} ${path} is not here`
    for (const [name, value] of Object.entries(parameters))
      if (query.get(name) !== value) return `the parameter ${name} is missing`
    if (headers['x-amz-firehose-protocol-version'] !== '1.0') return 'the protocol version is not 1.0'
    if (headers['content-type'] !== 'application/json') return 'the content type is not application/json'
    if (Number(headers['content-length']) !== body.byteLength) return 'the content length is wrong'
    if (!/^arn:aws:firehose:[a-z0-9-]+:\d{12}:deliverystream\/[\w.-]+$/.test(header(headers, 'source-arn')))
      return 'the source ARN is none'
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'gzip') return `the content encoding is ${encoding}`
    const plain = encoding === 'gzip' ? gunzipSync(body) : body
    const { requestId, timestamp, records, ...more } = JSON.parse(plain.toString())
    if (Object.keys(more).length > 0) return `the body has ${Object.keys(more)}`
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId)) return 'the request id is no GUID'
    if (header(headers, 'request-id') !== requestId) return 'the request ids are not the same'
    if (!Number.isInteger(timestamp) || timestamp < 1e12) return 'the timestamp is none in milliseconds'
    if (!Array.isArray(records) || records.length < 1 || records.length > 10_000) return 'records: 1 to 10000'
    const texts: string[] = []
    for (const record of records) {
      const { data, ...others } = record
      if (Object.keys(others).length > 0 || typeof data !== 'string' || data.length > 1_365_336) return 'a wrong record'
      const bytes = Buffer.from(data, 'base64')
      if (bytes.toString('base64') !== data) return 'data is not base64'
      texts.push(bytes.toString())
    }
    const { commonAttributes = {} } = JSON.parse(header(headers, 'common-attributes') || '{}')
    return { taken: { requestId, timestamp, texts, headers, commonAttributes }, sizeBytes: plain.byteLength }
  }
}

const header = (headers: Asked['headers'], name: string) => `${headers[`x-amz-firehose-${name}`] ?? ''}`

export const json = (value: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

const failed = ({ headers }: Asked, status: number, errorMessage: string): Answer => ({
  status,
  ...json({ requestId: header(headers, 'request-id'), timestamp: 1_578_090_903_599, errorMessage }),
})
