import { setTimeout as sleep } from 'node:timers/promises'
import { createStream, type Effort, type Question, ratioWithin, type Values } from '../question.ts'
import { buildRequests, standardLoad } from '../requests.ts'
import { contestant, type RunningServer, start } from '../servers.ts'
import { signedBytes } from '../signed.ts'
import { Connection, requestBytes } from '../wire.ts'
import { wrkCalls } from '../wrk.ts'

/*
 * What it costs to know who asks and what that one may do: the same load, signed, at a server with an identity file and one
 * without, in turn, both of them fresh.
 */

const what = 'PutRecords, 500 × 100 B, signed'
const openTitle = `${what}, believed`
const closedTitle = `${what}, verified and allowed by policies`

export const authentication: Question = {
  name: 'authentication',
  asks: 'PutRecords of 500 records of 100 B in JSON, signed: with an identity file, and without',
  figures: [
    {
      title: closedTitle,
      unit: 'records/s',
      better: 'more',
      must: [ratioWithin(closedTitle, openTitle, 0.8, '≥ 0.8 of believed')],
    },
    { title: openTitle, unit: 'records/s', better: 'more' },
    { title: `${closedTitle}: server's CPU time`, unit: 'µs/call', better: 'less' },
    { title: `${openTitle}: server's CPU time`, unit: 'µs/call', better: 'less' },
  ],
  peers: [],
  async measure(open, effort) {
    const closed = await start(contestant.millraceWithIdentity())
    try {
      return await measureBoth(open, closed, effort)
    } finally {
      await closed.stop()
    }
  },
}

async function measureBoth(
  open: RunningServer,
  closed: RunningServer,
  { warmUpSeconds, seconds }: Effort,
): Promise<Values> {
  await createStream(open.port, standardLoad.streamName, 4)
  await createSigned(closed.port)
  const requests = buildRequests(standardLoad).map((request) => signedBytes(request, Date.now()))
  const servers = [closed, open].map((server) => ({ server, calls: 0, seconds: 0, cpuMs: 0 }))
  for (const { server } of servers)
    await wrkCalls(server.port, { requests, connections: standardLoad.connections }, warmUpSeconds)
  for (let turn = 0; turn < seconds; turn++)
    for (const one of turn % 2 === 0 ? servers : servers.toReversed()) {
      const cpuBeforeMs = one.server.cpuMs()
      const { calls, callsPerSecond } = await wrkCalls(
        one.server.port,
        { requests, connections: standardLoad.connections },
        1,
      )
      one.calls += calls
      one.seconds += calls / callsPerSecond
      one.cpuMs += one.server.cpuMs() - cpuBeforeMs
    }
  const rates = servers.map((one) => (one.calls / one.seconds) * standardLoad.recordsInCall)
  return [...rates, ...servers.map((one) => (one.cpuMs * 1000) / one.calls)]
}

async function createSigned(port: number): Promise<void> {
  const connection = new Connection(port)
  const call = async (operation: string, input: unknown) => {
    const { status, body } = await connection.send(signedBytes(requestBytes(operation, input), Date.now()))
    if (status !== 200) throw new Error(`${operation}: ${status} ${body}`)
    return body.toString()
  }
  const StreamName = standardLoad.streamName
  await call('CreateStream', { StreamName, ShardCount: 4 })
  while (!(await call('DescribeStreamSummary', { StreamName })).includes('"ACTIVE"')) await sleep(10)
  const put = await connection.send(signedBytes(buildRequests(standardLoad)[0]!, Date.now()))
  if (put.status !== 200) throw new Error(`a signed put failed: ${put.status} ${put.body}`)
  connection.close()
}
