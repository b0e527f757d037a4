import { crc32 } from 'node:zlib'
import type { Logger, Random } from '@millrace/ports'
import { AwsError, internalFailure } from '../core/aws-error.ts'
import type { HttpAnswer } from '../core/operation.ts'
import { BodyTooLarge } from './body.ts'
import type { HttpResponse } from './listener.ts'
import { giveBack, isLent } from './protocols/byte-sink.ts'
import { renderError } from './render-error.ts'
import type { Route } from './route.ts'
import { type UntakenAnswers, untakenFromBytes } from './untaken-answers.ts'

/** What is said in an answer's head beside ids, type and length. */
type Headers = Readonly<Record<string, string>>

/** Of the second id: 72 bytes in base64. */
const idLength = 96
const idsAtOnce = 32

/** Bodies up to this length are sent as text. */
const textBytesMax = 4096

/** Writes answers: every one has two ids, a type and an exact length. */
export class Answers {
  readonly #random: Random
  readonly #logger: Logger
  readonly #stopping: AbortSignal
  readonly #untaken: UntakenAnswers
  /** Random text for the second ids of many answers, and how much of it is used: to make each by itself takes 4 µs. */
  #chance = ''
  #chanceUsed = 0

  /** While `stopping` is aborted, HTTP/1.1 connections end with their answer. */
  constructor(random: Random, logger: Logger, untaken: UntakenAnswers, stopping: AbortSignal) {
    this.#random = random
    this.#logger = logger
    this.#stopping = stopping
    this.#untaken = untaken
  }

  /** The two ids; the second is 72 random-looking bytes on AWS. */
  identity(requestId: string): Record<string, string> {
    if (this.#chanceUsed === this.#chance.length) {
      this.#chance = Buffer.from(this.#random.bytes(72 * idsAtOnce)).toString('base64')
      this.#chanceUsed = 0
    }
    const start = this.#chanceUsed
    this.#chanceUsed = start + idLength
    return { 'x-amzn-RequestId': requestId, 'x-amz-id-2': this.#chance.slice(start, start + idLength) }
  }

  /** What an operation gave, undefined for nothing. `askedType` is the content type of the request. */
  output(response: HttpResponse, output: unknown, found: Route, askedType: string, requestId: string): void {
    const { protocol, operation } = found
    const bytes = protocol.render(output)
    const status = operation?.http?.status ?? 200
    this.#send(response, status, protocol.answerType ?? askedType, bytes, requestId, headersOf(found, bytes))
  }

  /** A REST answer with a status, headers or bytes of its own. */
  http(response: HttpResponse, { status, headers, body }: HttpAnswer, { protocol }: Route, requestId: string): void {
    if (body instanceof Uint8Array)
      this.#send(response, status, 'application/octet-stream', Buffer.from(body), requestId, headers)
    else this.#send(response, status, protocol.contentType, protocol.render(body), requestId, headers)
  }

  /** A caller's mistake as it is; any other error as AWS's InternalFailure, and into the log. */
  error(response: HttpResponse, error: unknown, found: Route | undefined, requestId: string): void {
    if (response.headersSent) return void response.end()
    if (error instanceof BodyTooLarge) {
      const tooLarge = Buffer.from('<RequestEntityTooLargeException/>\n')
      this.#send(response, 413, 'application/xml', tooLarge, requestId)
      return
    }
    if (!(error instanceof AwsError)) this.logFailure(error, requestId)
    const told = error instanceof AwsError ? error : internalFailure()
    const { status, contentType, body, headers } = renderError(told, found)
    this.#send(response, status, contentType, body, requestId, { ...(found && headersOf(found, body)), ...headers })
  }

  logFailure(error: unknown, requestId: string): void {
    this.#logger.log('error', 'a request failed inside the server', { requestId, error })
  }

  #send(
    response: HttpResponse,
    status: number,
    contentType: string,
    body: Buffer,
    requestId: string,
    more?: Headers,
  ): void {
    if (this.#stopping.aborted && response.req.httpVersionMajor === 1) response.setHeader('connection', 'close')
    const own: Record<string, string | number> = this.identity(requestId)
    if (status !== 204) {
      own['content-type'] = contentType
      own['content-length'] = body.length
    }
    response.writeHead(status, more ? { ...own, ...more } : own)
    // As text, one letter for each byte, a body is written in one piece with its head, which takes half as long.
    if (body.length <= textBytesMax) response.end(body.toString('latin1'), 'latin1')
    // HTTP/2's compatibility layer says that it has finished also when a client went away in the middle.
    else if (isLent(body) && response.req.httpVersionMajor === 1) response.end(body, () => giveBack(body))
    else response.end(body)
    if (body.length >= untakenFromBytes && response.writableLength > 0) this.#untaken.add(response, body.length)
  }
}

/** What a protocol and a service have to say; undefined if nothing. */
function headersOf({ protocol, service }: Route, body: Buffer): Headers | undefined {
  if (!service?.crc32) return protocol.headers
  return { ...protocol.headers, 'x-amz-crc32': `${crc32(body)}` }
}
