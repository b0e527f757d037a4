import { parseArgs } from 'node:util'
import { type Clock, foregroundClock } from '@millrace/ports'
import { readPagesToken } from '../door-options.ts'
import { ConfigError, refusedOptions } from '../option-values.ts'
import type { DeliveryView } from '../services/firehose/delivery/delivery-view.ts'
import type { Output } from './command.ts'
import { deliveriesTable, type Look } from './deliveries-table.ts'

const refreshMs = 1000
const answerMsMax = 5000

/**
 * Shows how each delivery stream of a server stands: once, or on a terminal each second until Ctrl-C. Returns the exit
 * code: 1 when no server answers, 2 for a wrong option.
 */
export async function deliveriesCommand(
  args: readonly string[],
  out: Output,
  err: Output,
  { clock = foregroundClock, env = process.env, stopped = untilInterrupted }: Surroundings = {},
): Promise<number> {
  const options = readOptions(args, env)
  if (typeof options === 'string') {
    err.write(`millrace deliveries: ${options}\n`)
    return 2
  }
  if (options.help) {
    out.write(help)
    return 0
  }
  try {
    const token = options.tokenFile === undefined ? undefined : readPagesToken(options.tokenFile)
    const look = () => lookAt(options.endpoint, token, clock)
    const first = await look()
    if (options.json) out.write(`${JSON.stringify({ deliveries: first.deliveries })}\n`)
    else if (options.once || !out.isTTY) {
      await clock.sleep(refreshMs) // rates need two looks
      out.write(`${deliveriesTable(first, await look(), Number.POSITIVE_INFINITY).join('\n')}\n`)
    } else await watch(look, first, out, clock, stopped())
    return 0
  } catch (error) {
    if (!(error instanceof NoAnswer || error instanceof ConfigError)) throw error
    err.write(`millrace deliveries: ${error.message}\n`)
    return error instanceof ConfigError ? 2 : 1
  }
}

type Surroundings = {
  readonly clock?: Clock
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Aborts when the terminal is no longer wanted. */
  readonly stopped?: () => AbortSignal
}

/** Writes over what it wrote before, line by line, so that nothing flickers. */
async function watch(look: () => Promise<Look>, first: Look, out: Output, clock: Clock, stopped: AbortSignal) {
  let [before, now] = [first, first]
  let lineCount = 0
  let trouble = ''
  out.write('\x1b[?25l') // no cursor
  while (!stopped.aborted) {
    const lines = [...deliveriesTable(before, now, out.columns ?? 80), ...(trouble === '' ? [] : [trouble])]
    const linesMax = Math.max(2, (out.rows ?? 24) - 1)
    const shown =
      lines.length > linesMax ? [...lines.slice(0, linesMax - 1), '… (a taller terminal shows more)'] : lines
    const back = lineCount > 0 ? `\x1b[${lineCount}A\r` : ''
    out.write(`${back}${shown.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    lineCount = shown.length
    await clock.sleep(refreshMs, stopped)
    if (stopped.aborted) break
    try {
      const next = await look()
      before = now
      now = next
      trouble = ''
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      trouble = `${error.message}; trying again`
    }
  }
  out.write('\x1b[?25h')
}

/** What an operator can act on, in one line. */
class NoAnswer extends Error {}

async function lookAt(endpoint: string, token: string | undefined, clock: Clock): Promise<Look> {
  const page = new URL('/deliveries', endpoint)
  let answer: Response
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    answer = await fetch(page, { headers, signal: AbortSignal.timeout(answerMsMax), redirect: 'error' })
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException }
    throw new NoAnswer(`no server answers at ${endpoint} (${cause?.code ?? message}); say which by --endpoint URL`)
  }
  if (answer.status === 401 || answer.status === 403)
    throw new NoAnswer(
      `the server at ${endpoint} shows this to nobody without its token: give --token-file FILE, the server's --pages-token`,
    )
  const body = (await answer.json().catch(() => undefined)) as { deliveries?: DeliveryView[] } | undefined
  if (!answer.ok || !Array.isArray(body?.deliveries))
    throw new NoAnswer(`what answers at ${endpoint} is no Millrace that knows of deliveries (status ${answer.status})`)
  return { atMs: clock.monotonicMs(), deliveries: body.deliveries }
}

type Options = {
  readonly endpoint: string
  readonly tokenFile: string | undefined
  readonly once: boolean
  readonly json: boolean
  readonly help: boolean
}

/** The options, or what is wrong with them. */
function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Options | string {
  const flag = { type: 'boolean' } as const
  try {
    const { values } = parseArgs({
      args,
      options: {
        endpoint: { type: 'string' },
        'token-file': { type: 'string' },
        once: flag,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    })
    const { endpoint = env.AWS_ENDPOINT_URL || `http://127.0.0.1:${env.MILLRACE_PORT || 4567}` } = values
    if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
      return `--endpoint must be a URL, e.g. http://127.0.0.1:4567, not "${endpoint}"`
    return {
      endpoint,
      tokenFile: values['token-file'],
      once: values.once ?? false,
      json: values.json ?? false,
      help: values.help ?? false,
    }
  } catch (error) {
    return refusedOptions(error, 'millrace deliveries --help')
  }
}

function untilInterrupted(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  return stopping.signal
}

const help = `millrace deliveries: how each delivery stream of a server stands

Usage: millrace deliveries [--endpoint URL] [--token-file FILE] [--once] [--json]

  --endpoint URL   the server; default: AWS_ENDPOINT_URL, else http://127.0.0.1:4567
  --token-file FILE  what the server has as --pages-token, where it has one
  --once           one look instead of one each second; so it is where the output is no terminal
  --json           one look, as one line of JSON: what GET /deliveries answers

  IN        records and bytes each second that were put, or read from a stream
  BUFFERED  records in memory, their bytes, and in how many partitions
  OUT       records each second that the destination took, and batches (objects, requests) since the server started
  WAITING   records that were not read yet, with their bytes (an estimate); for a stream how far behind it is
  OLDEST    age of the oldest record that was read and is not delivered
  FAILED    records in the error output since the server started
`
