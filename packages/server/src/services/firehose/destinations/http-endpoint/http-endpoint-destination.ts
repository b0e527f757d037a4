import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock } from '@millrace/ports'
import type { MetricSink } from '../../../../core/ports/metrics.ts'
import { type Outbound, OutboundFailed, type OutboundFailure } from '../../../../core/ports/outbound.ts'
import type { FailedRecord } from '../../delivery/delivery-record.ts'
import { count } from '../../metrics.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination } from '../destination.ts'
import { PreparedBatches } from '../prepared-batches.ts'
import { toldAnswer } from '../told-answer.ts'
import { requestBody } from './request-body.ts'
import { faultOf, responseBytesMax } from './response-rules.ts'

export type HttpEndpoint = {
  /** Of the delivery stream. */
  readonly name: string
  readonly url: string
  /** What every request has; the access key is among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly isGzip: boolean
  /** Taken out of whatever is said about failures: an endpoint may repeat it. */
  readonly secret: string | undefined
}

type Parts = { readonly clock: Clock; readonly outbound: Outbound; readonly metrics: MetricSink }

/** An endpoint has three minutes to answer [docs]. */
const answerMsMax = 180_000

const gzipped = promisify(gzip)

/** An endpoint that keeps Firehose's contract: one request for each batch, the same for each try. */
export class HttpEndpointDestination implements Destination {
  readonly #parts: Parts
  readonly #endpoint: HttpEndpoint
  readonly #bodies = new PreparedBatches((batch) => this.#body(batch))

  constructor(parts: Parts, endpoint: HttpEndpoint) {
    this.#parts = parts
    this.#endpoint = endpoint
  }

  prepare(batch: DeliveryBatch, signal: AbortSignal): void {
    this.#bodies.begin(batch, signal)
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly FailedRecord[]> {
    const { clock } = this.#parts
    const { headers, secret, url } = this.#endpoint
    const sent = await this.#bodies.of(batch, signal)
    this.#countTry(batch)
    const sentMs = clock.monotonicMs()
    const answerWaitMs = () => clock.monotonicMs() - sentMs
    const response = await this.#parts.outbound
      .request(
        {
          ...{ method: 'POST', url, body: sent, timeoutMs: answerMsMax, responseBytesMax },
          headers: { ...headers, 'x-amz-firehose-request-id': batch.id },
        },
        signal,
      )
      .catch((error: unknown) => {
        if (!(error instanceof OutboundFailed)) throw error
        const { code, sentence, isConnected } = failures[error.failure]
        throw failed(code, `${sentence} ${error.message}`, {
          cause: error,
          ...(isConnected && { answerWaitMs: answerWaitMs() }),
        })
      })
    const { status } = response
    const body = () => toldAnswer(response.body.toString(), secret)
    if (status !== 200)
      throw failed('DestinationException', `${received} ${status}: ${body()}`, {
        answerWaitMs: answerWaitMs(),
        isFinal: status === tooLarge,
      })
    const fault = faultOf(response, batch.id)
    if (fault !== undefined)
      throw failed(
        'InvalidResponseFromDestination',
        `${invalid} Response for request ${batch.id} ${toldAnswer(fault, secret)}. Raw response received: ${status} ${body()}`,
        { answerWaitMs: answerWaitMs() },
      )
    return []
  }

  async close(): Promise<void> {}

  async #body({ id, records }: DeliveryBatch): Promise<Uint8Array> {
    const plain = requestBody(id, Math.floor(this.#parts.clock.nowMs()), records)
    return this.#endpoint.isGzip ? gzipped(plain) : plain
  }

  #countTry({ records }: DeliveryBatch): void {
    const { metrics } = this.#parts
    const { name } = this.#endpoint
    const sizeBytes = records.reduce((sum, { data }) => sum + data.byteLength, 0)
    count(metrics, name, 'DeliveryToHttpEndpoint.ProcessedBytes', sizeBytes)
    count(metrics, name, 'DeliveryToHttpEndpoint.ProcessedRecords', records.length)
  }
}

type FailureOptions = ConstructorParameters<typeof DeliveryFailed>[3]

const failed = (code: string, message: string, options: FailureOptions) =>
  new DeliveryFailed(`HttpEndpoint.${code}`, message, undefined, options)

/** The batch is larger than the endpoint takes: the same bytes will not be taken later. */
const tooLarge = 413

/* AWS's sentences [docs: HTTP endpoint data delivery errors]. */

const received = 'The following response was received from the endpoint destination.'
const invalid =
  'The response received from the specified endpoint is invalid. Contact the owner of the endpoint to resolve the issue.'

type Failure = { readonly code: string; readonly sentence: string; readonly isConnected: boolean }

const notConnected: Failure = {
  code: 'ConnectionFailed',
  sentence: 'Unable to connect to the destination endpoint. Contact the owner of the endpoint to resolve this issue.',
  isConnected: false,
}

/** What the network says → AWS's code; whether the time was spent waiting for an answer. */
const failures: Readonly<Record<OutboundFailure, Failure>> = {
  'forbidden address': notConnected,
  'unknown host': notConnected,
  'connection failed': notConnected,
  'connection reset': {
    code: 'ConnectionReset',
    sentence:
      'Unable to maintain connection with the endpoint. Contact the owner of the endpoint to resolve this issue.',
    isConnected: true,
  },
  'handshake failed': {
    code: 'SSLHandshakeFailure',
    sentence: 'An SSL handshake could not be successfully completed with the configured endpoint.',
    isConnected: false,
  },
  timeout: {
    code: 'RequestTimeout',
    sentence: 'The delivery timed out before a response was received and will be retried.',
    isConnected: true,
  },
  'invalid response': { code: 'InvalidResponseFromDestination', sentence: invalid, isConnected: true },
  'response too large': {
    code: 'ResponseTooLarge',
    sentence:
      'The response received from the endpoint is too large. Contact the owner of the endpoint to resolve this issue.',
    isConnected: true,
  },
}
