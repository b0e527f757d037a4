import { anySignal, type Clock } from '@millrace/ports'
import { answerBytesMax } from '../limits.ts'
import type { FunctionDefinition } from './function-definition.ts'
import { errorResult, FunctionUnreachable, type Invocation, type InvocationResult, type Invoker } from './invocation.ts'
import { Places } from './places.ts'

export type RemoteFunctionDefinition = FunctionDefinition & { readonly code: { readonly kind: 'url' } }

/** How AWS's Invoke, and what imitates it, is recognised: there an error need not be told by a header. */
const invocationsPath = /\/functions\/[^/]+\/invocations\/?$/

/**
 * A function behind a URL: Lambda's Invoke (`…/2015-03-31/functions/NAME/invocations`, also that of AWS's runtime interface
 * emulator), or any server that takes the event by POST and answers with the result, as a function URL does.
 */
export class RemoteInvoker implements Invoker {
  readonly #definition: RemoteFunctionDefinition
  readonly #clock: Clock
  readonly #places: Places
  readonly #stopping = new AbortController()

  constructor(definition: RemoteFunctionDefinition, clock: Clock) {
    this.#definition = definition
    this.#clock = clock
    this.#places = new Places(definition.concurrency)
  }

  async invoke(invocation: Invocation, mayWait: boolean, signal?: AbortSignal): Promise<InvocationResult> {
    const leave = await this.#places.take(mayWait, signal)
    try {
      return await this.#ask(invocation)
    } finally {
      leave()
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#places.close()
  }

  async #ask({ requestId, event, clientContext }: Invocation): Promise<InvocationResult> {
    const { code, timeoutMs } = this.#definition
    const late = new AbortController()
    const stopTimer = this.#clock.after(timeoutMs, () => late.abort())
    const isLate = () => late.signal.aborted && !this.#stopping.signal.aborted
    try {
      const response = await fetch(code.url, {
        method: 'POST',
        body: new Uint8Array(event),
        headers: {
          'content-type': 'application/json',
          'x-amzn-requestid': requestId,
          ...(clientContext !== undefined && {
            'x-amz-client-context': Buffer.from(clientContext).toString('base64'),
          }),
        },
        redirect: 'error',
        signal: anySignal([late.signal, this.#stopping.signal]),
      })
      const body = await bodyOf(response)
      if (!body)
        return errorResult(
          'Function.ResponseSizeTooLarge',
          `Response payload size exceeded maximum allowed payload size (${answerBytesMax} bytes).`,
        )
      if (response.status === 429 || response.status === 503) throw new FunctionUnreachable(`status ${response.status}`)
      return resultOf(response, body, code.url)
    } catch (error) {
      if (isLate())
        return errorResult(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
        )
      if (error instanceof FunctionUnreachable) throw error
      throw new FunctionUnreachable(String((error as Error).cause ?? error))
    } finally {
      stopTimer()
    }
  }
}

function resultOf(response: Response, body: Buffer, url: string): InvocationResult {
  const logTail = Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString()
  const told = response.headers.get('x-amz-function-error')
  const value = parsed(body)
  if (told) return { payload: body, functionError: told === 'Handled' ? 'Handled' : 'Unhandled', logTail }
  if (!response.ok) {
    if (isErrorObject(value)) return { payload: body, functionError: 'Unhandled', logTail }
    return errorResult('Function.HttpError', `the function answered with status ${response.status}`, logTail)
  }
  if (value === undefined) return errorResult('Runtime.InvalidResponse', 'the answer is not JSON', logTail)
  const isError = invocationsPath.test(new URL(url).pathname) && isErrorObject(value)
  return {
    payload: body.length === 0 ? Buffer.from('null') : body,
    logTail,
    ...(isError && { functionError: 'Unhandled' }),
  }
}

/** A body of no bytes is null; undefined if it is not JSON. */
function parsed(body: Buffer): unknown {
  try {
    return body.length === 0 ? null : JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

const isErrorObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'errorType' in value && 'errorMessage' in value

/** The whole body; undefined when it is longer than an answer may be. */
async function bodyOf(response: Response): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of response.body ?? []) {
    sizeBytes += part.byteLength
    if (sizeBytes > answerBytesMax) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}
