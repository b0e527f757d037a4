import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRequests, type Load } from './requests.ts'

/*
 * Load from wrk, a C program: on two cores, a sender in JavaScript would take from the server what is to be measured.
 *
 * wrk takes its requests from a Lua script in a temporary folder, which reads them, head and body, from files there.
 * Each of wrk's threads runs the script for itself, and leaves its rate in a file.
 */

export type Rate = { readonly calls: number; readonly callsPerSecond: number; readonly p99Ms: number }

/** Ends the process, and says what to do, where there is no wrk. */
export function requireWrk(): void {
  if (!spawnSync('wrk', ['--version']).error) return
  process.stderr.write('npm run bench: wrk is missing, which sends the load: apt-get install wrk (Debian, Ubuntu)\n')
  process.exit(2)
}

let recordsSentSoFar = 0

/** Records that were put by this process so far. */
export const recordsSent = (): number => recordsSentSoFar

/** Sends a load for some seconds. @throws Error when any answer is not a success */
export async function wrk(port: number, load: Load, seconds: number): Promise<Rate> {
  const rate = await wrkCalls(port, { ...load, requests: buildRequests(load) }, seconds)
  recordsSentSoFar += rate.calls * load.recordsInCall
  return rate
}

export type Calls = {
  readonly requests: readonly Buffer[]
  readonly connections: number
  /** How long a connection waits after an answer, in milliseconds. @default not at all */
  readonly delayMs?: number | undefined
}

/** Sends requests in turn, for some seconds. @throws Error when any answer is not a success */
export async function wrkCalls(
  port: number,
  { requests, connections, delayMs }: Calls,
  seconds: number,
): Promise<Rate> {
  const { summary } = await run({ port, threads: 1, connections, seconds, requests, script: inTurn(delayMs) })
  return rateOf(summary)
}

/** Reads from each iterator on a connection of its own, from its end again from its beginning. @returns bytes a second of answers' bodies */
export async function wrkDrain(port: number, requests: readonly Buffer[], seconds: number): Promise<number> {
  const connections = requests.length
  const { rates } = await run({ port, threads: connections, connections, seconds, script: drain, requests })
  return rates.reduce((sum, rate) => sum + rate, 0)
}

const rateOf = ({ calls, microseconds, p99 }: Summary): Rate => ({
  calls,
  callsPerSecond: calls / (microseconds / 1e6),
  p99Ms: p99 / 1000,
})

type Run = {
  readonly port: number
  readonly threads: number
  readonly connections: number
  readonly seconds: number
  readonly script: string
  readonly requests: readonly Buffer[]
}

/** Counts, and times in microseconds. */
type Summary = Record<'calls' | 'microseconds' | 'p99' | 'connect' | 'read' | 'write' | 'timeout' | 'status', number>

async function run({ port, threads, connections, seconds, script, requests }: Run) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-wrk-'))
  for (const [i, request] of requests.entries()) writeFileSync(join(folder, `request-${i + 1}`), request)
  const path = join(folder, 'load.lua')
  writeFileSync(path, `local folder, count = '${folder}', ${requests.length}\n${shared}${script}`)
  const limits = ['--threads', threads, '--connections', connections, '--duration', `${seconds}s`].map(String)
  const args = [...limits, '--latency', '--timeout', '60s', '--script', path, `http://127.0.0.1:${port}/`]
  const child = spawn('wrk', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const clear = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', clear)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  try {
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`wrk failed: ${said}`)
    const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary
    const { connect, read, write, timeout, status } = summary
    if (connect + read + write + timeout + status > 0) throw new Error(`wrk met errors: ${JSON.stringify(summary)}`)
    const counted = readdirSync(folder).filter((name) => name.startsWith('rate-'))
    return { summary, rates: counted.map((name) => Number(readFileSync(join(folder, name), 'utf8'))) }
  } finally {
    process.off('exit', clear)
    clear()
  }
}

const shared = `
local function read(name)
  local file = io.open(folder .. '/' .. name, 'rb')
  local bytes = file:read('*a')
  file:close()
  return bytes
end

local function write(name, text)
  local file = io.open(folder .. '/' .. name, 'w')
  file:write(text)
  file:close()
end

function done(summary, latency)
  local errors = summary.errors
  write('summary.json', string.format(
    '{"calls":%d,"microseconds":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}',
    summary.requests, summary.duration, latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
`

const inTurn = (delayMs: number | undefined) => `
local requests = {}
for i = 1, count do requests[i] = read('request-' .. i) end

local turn = 0
function request()
  turn = turn % count + 1
  return requests[turn]
end
${delayMs === undefined ? '' : `function delay() return ${delayMs} end`}
`

/*
 * A thread for each request, with one connection: the first request asks with the iterator of the beginning, and each
 * further one with the iterator of the answer before. After an answer without records, the beginning's again: not every
 * server tells in MillisBehindLatest that there are more. The time ends with the last answer: a slow server has only a few.
 */
const drain = `
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set('number', threads)
end

local ffi = require('ffi')
ffi.cdef('typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int clock, moment *now);')
local moment = ffi.new('moment')
local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local first, head, current, startedAt, bytes = nil, nil, nil, nil, 0

function init()
  first = read('request-' .. number)
  -- Without its length, which may differ from iterator to iterator.
  head = first:match('^(.-)Content%-Length')
  current = first
end

function request()
  startedAt = startedAt or now()
  return current
end

function response(status, headers, body)
  bytes = bytes + #body
  write('rate-' .. number, tostring(bytes / (now() - startedAt)))
  -- The members around the records stand before or behind them.
  local around = body:sub(1, 1000) .. ' ' .. body:sub(-1000)
  local iterator = around:match('"NextShardIterator": ?"([^"]+)"')
  if iterator == nil or around:match('"Records": ?%[%]') then
    current = first
  else
    local input = '{"ShardIterator":"' .. iterator .. '","Limit":10000}'
    current = head .. 'Content-Length: ' .. #input .. '\\r\\n\\r\\n' .. input
  end
end
`
