/*
 * The program of a function process: loads a handler and runs it, one event after the other. Its standard output and
 * error are the handler's; it hears and answers the server on file descriptor 3 (see frames.ts).
 *
 *   node node-runtime.ts MODULE HANDLER SERVERPID
 */

import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { systemClock } from '@millrace/ports'
import { type AnswerHead, encodeFrame, FrameReader, type RunHead } from './frames.ts'

/** As AWS says it: a little above 6 MiB. */
const answerBytesMax = 6_291_556

type Callback = (error: unknown, result?: unknown) => void
type Handler = (event: unknown, context: object, callback: Callback) => unknown

const [modulePath = '', handlerName = '', serverPid = ''] = process.argv.slice(2)
const server = new Socket({ fd: 3, readable: true, writable: true })
let running: string | undefined

server.on('close', () => process.exit(0)) // the server is gone, and nobody would hear the answer
server.on('error', () => process.exit(0))
process.on('uncaughtException', (error) => fail('error', error, 129))
process.on('unhandledRejection', (reason) => {
  const { errorMessage, trace } = describeError(reason)
  fail('error', { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage, trace }, 128)
})

const guard = join(import.meta.dirname, `orphan-guard${extname(import.meta.filename)}`)
new Worker(guard, {
  workerData: { serverPid: Number(serverPid) },
  env: {},
  resourceLimits: { maxOldGenerationSizeMb: 16 },
}).unref()

const handler = await loadHandler()
if (handler) {
  const frames = new FrameReader<RunHead>(2 ** 31, (head, event) => void run(handler, head, event))
  server.on('data', (bytes) => frames.push(bytes))
  send({ kind: 'ready' })
}

async function loadHandler(): Promise<Handler | undefined> {
  let found: unknown
  try {
    const loaded = (await import(pathToFileURL(modulePath).href)) as Record<string, unknown>
    const names = handlerName.split('.')
    found = memberOf(loaded, names) ?? memberOf(loaded.default, names)
  } catch (error) {
    const type = error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : importErrorType(error)
    return void fail('unready', { ...describeError(error), ...(type && { errorType: type }) }, 1)
  }
  if (typeof found === 'function') return found as Handler
  const errorMessage = `${handlerName} is undefined or not exported`
  return void fail('unready', { errorType: 'Runtime.HandlerNotFound', errorMessage, trace: [] }, 1)
}

function memberOf(value: unknown, names: readonly string[]): unknown {
  let found = value
  for (const name of names) found = (found as Record<string, unknown> | undefined | null)?.[name]
  return found
}

/** What a missing file or import is called; any other error that loading threw keeps its own name. */
function importErrorType(error: unknown): string | undefined {
  const isMissing = !existsSync(modulePath) || /^ERR_(MODULE|UNSUPPORTED)/.test((error as { code?: string }).code ?? '')
  return isMissing ? 'Runtime.ImportModuleError' : undefined
}

async function run(handle: Handler, head: RunHead, eventBytes: Buffer): Promise<void> {
  running = head.requestId
  try {
    const event: unknown = JSON.parse(eventBytes.toString())
    const answer = await call(handle, event, contextOf(head))
    const json = JSON.stringify(answer === undefined ? null : answer) ?? 'null'
    const bytes = Buffer.from(json)
    if (bytes.length > answerBytesMax) throw tooLarge()
    send({ kind: 'result', requestId: head.requestId }, bytes)
  } catch (error) {
    send({ kind: 'error', requestId: head.requestId }, Buffer.from(JSON.stringify(describeError(error))))
  }
  running = undefined
}

/** Handlers that take a callback answer by it, or by what they return if that is a promise. */
function call(handle: Handler, event: unknown, context: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) =>
      error === null || error === undefined ? resolve(result) : reject(error)
    const returned = handle(event, { ...context, done: callback, succeed: resolve, fail: reject }, callback)
    const isPromise = typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function'
    if (isPromise || handle.length < 3) resolve(returned)
  })
}

function contextOf(head: RunHead): object {
  const deadlineMs = systemClock.monotonicMs() + head.timeoutMs
  return {
    functionName: head.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: head.functionArn,
    memoryLimitInMB: String(head.memoryMiB),
    awsRequestId: head.requestId,
    logGroupName: head.logGroupName,
    logStreamName: head.logStreamName,
    callbackWaitsForEmptyEventLoop: false,
    identity: undefined,
    clientContext: head.clientContext === undefined ? undefined : JSON.parse(head.clientContext),
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - systemClock.monotonicMs())),
  }
}

type Described = { readonly errorType: string; readonly errorMessage: string; readonly trace: readonly string[] }

/** AWS's form of whatever a handler threw. */
function describeError(error: unknown): Described {
  if (isDescribed(error)) return error
  if (error instanceof Error)
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
  return { errorType: error === null ? 'null' : typeof error, errorMessage: String(error), trace: [] }
}

function isDescribed(error: unknown): error is Described {
  if (typeof error !== 'object' || error === null || error instanceof Error) return false
  return 'errorType' in error && 'trace' in error
}

function tooLarge(): Described {
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${answerBytesMax} bytes).`
  return { errorType: 'Function.ResponseSizeTooLarge', errorMessage, trace: [] }
}

/** Tells the server what went wrong, and ends. */
function fail(kind: 'unready' | 'error', error: unknown, exitCode: number): void {
  if (kind === 'error' && running === undefined) {
    process.stderr.write(`${error instanceof Error ? error.stack : describeError(error).errorMessage}\n`)
    process.exit(exitCode)
  }
  const head: AnswerHead = { kind, isLast: true, ...(running !== undefined && { requestId: running }) }
  server.write(encodeFrame(head, Buffer.from(JSON.stringify(describeError(error)))), () => process.exit(exitCode))
}

function send(head: AnswerHead, body: Buffer = Buffer.alloc(0)): void {
  server.write(encodeFrame(head, body))
}
