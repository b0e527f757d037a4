import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRequests, type Load } from './requests.ts'

/*
 * Load from wrk, a C program: on two cores, a sender in JavaScript would take from the server what is to be measured.
 *
 * wrk takes its requests from a Lua script in a temporary folder, which reads them, head and body, from files there.
 */

export type Rate = { readonly calls: number; readonly callsPerSecond: number; readonly p99Ms: number }

/** Ends the process, and says what to do, where there is no wrk. */
export function requireWrk(): void {
  if (!spawnSync('wrk', ['--version']).error) return
  process.stderr.write('npm run bench: wrk is missing, which sends the load: apt-get install wrk (Debian, Ubuntu)\n')
  process.exit(2)
}

let recordsSentSoFar = 0

/** Records that were put in this process' loads so far. */
export const recordsSent = (): number => recordsSentSoFar

/** Sends a load for some seconds. @throws Error when any answer is not a success */
export async function wrk(port: number, load: Load, seconds: number): Promise<Rate> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-wrk-'))
  const requests = buildRequests(load)
  for (const [i, request] of requests.entries()) writeFileSync(join(folder, String(i)), request)
  writeFileSync(join(folder, 'load.lua'), script(folder, requests.length))
  const args = ['--threads', '1', '--connections', String(load.connections), '--duration', `${seconds}s`]
  const child = spawn(
    'wrk',
    [...args, '--latency', '--timeout', '60s', '--script', join(folder, 'load.lua'), `http://127.0.0.1:${port}/`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const kill = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', kill)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  try {
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`wrk failed: ${said}`)
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as Result
    const { calls, microseconds, p99, connect, read, write, timeout, status } = result
    if (connect + read + write + timeout + status > 0) throw new Error(`wrk met errors: ${JSON.stringify(result)}`)
    recordsSentSoFar += calls * load.recordsInCall
    return { calls, callsPerSecond: calls / (microseconds / 1e6), p99Ms: p99 / 1000 }
  } finally {
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Counts, and times in microseconds. */
type Result = Record<'calls' | 'microseconds' | 'p99' | 'connect' | 'read' | 'write' | 'timeout' | 'status', number>

const script = (folder: string, count: number) => `
local requests = {}
for i = 1, ${count} do
  local file = io.open('${folder}/' .. (i - 1), 'rb')
  requests[i] = file:read('*a')
  file:close()
end

local turn = 0
function request()
  turn = turn % ${count} + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local file = io.open('${folder}/result.json', 'w')
  file:write(string.format(
    '{"calls":%d,"microseconds":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}',
    summary.requests, summary.duration, latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
  file:close()
end
`
