import type { BareAnswer } from './bare-server.ts'
import { createStream } from './question.ts'
import { buildRequests, type Load } from './requests.ts'
import { contestant, start } from './servers.ts'
import { Connection } from './wire.ts'

const learnt = new Map<string, Promise<BareAnswer>>()

/** What Millrace answers to a load: the bare server says the same, as long and with the same headers. */
export function bareAnswer(load: Load): Promise<BareAnswer> {
  const key = JSON.stringify(load)
  const known = learnt.get(key) ?? learn(load)
  learnt.set(key, known)
  return known
}

async function learn(load: Load): Promise<BareAnswer> {
  const server = await start(contestant.millrace())
  const connection = new Connection(server.port)
  try {
    await createStream(server.port, load.streamName, 4)
    const { head, body } = await connection.send(buildRequests(load)[0]!)
    return { headers: headersOf(head), body: body.toString('base64') }
  } finally {
    connection.close()
    await server.stop()
  }
}

/** Those that Node does not write by itself. */
function headersOf(head: string): Record<string, string> {
  const fields = head
    .split('\r\n')
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
  return Object.fromEntries(fields.filter(([name]) => !/^(date|connection|keep-alive|transfer-encoding)$/i.test(name)))
}
