import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Connection, requestBytes } from './wire.ts'

/*
 * Load, from a process of its own. The same bytes for every server: the chance in them is seeded.
 */

export type Load = {
  readonly port: number
  readonly operation: 'PutRecord' | 'PutRecords'
  readonly streamName: string
  readonly connections: number
  readonly recordsInCall: number
  readonly recordBytes: number
  /** Whichever comes first ends it. */
  readonly durationMs: number
  readonly recordsMax?: number
}

export type LoadResult = { readonly records: number; readonly seconds: number; readonly failed: number }

/** Sends it and waits for the end. */
export async function send(load: Load): Promise<LoadResult> {
  const child = fork(import.meta.filename, [JSON.stringify(load)])
  const ended = once(child, 'exit')
  const [result] = (await Promise.race([once(child, 'message'), ended.then(() => [undefined])])) as [
    LoadResult | undefined,
  ]
  await ended
  if (!result) throw new Error('the sender ended without a result')
  return result
}

/** Distinct requests to choose from, so that neither keys nor bytes are always the same. */
const requestCount = 64

async function run(load: Load): Promise<LoadResult> {
  const requests = Array.from({ length: requestCount }, (_, i) => buildRequest(load, i))
  let records = 0
  let failed = 0
  const startedAtMs = performance.now()
  const isOver = () => performance.now() - startedAtMs >= load.durationMs || records >= (load.recordsMax ?? Infinity)
  const sendOn = async (index: number) => {
    const connection = new Connection(load.port)
    for (let turn = index; !isOver(); turn++) {
      const { status, body } = await connection.send(requests[turn % requestCount]!)
      if (status === 200 && !/"FailedRecordCount":[1-9]/.test(body.toString('latin1', 0, 64)))
        records += load.recordsInCall
      else failed++
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: load.connections }, (_, i) => sendOn(i * 4)))
  return { records, seconds: (performance.now() - startedAtMs) / 1000, failed }
}

function buildRequest({ operation, streamName, recordsInCall, recordBytes }: Load, seed: number): Buffer {
  const chance = seeded(seed + 1)
  const record = () => ({
    PartitionKey: `key-${Math.floor(chance() * 1e9)}`,
    Data: Buffer.from(Array.from({ length: recordBytes }, () => Math.floor(chance() * 256))).toString('base64'),
  })
  const input =
    operation === 'PutRecord' ? record() : { Records: Array.from({ length: recordsInCall }, () => record()) }
  return requestBytes(operation, { StreamName: streamName, ...input })
}

/** Numbers from 0 up to 1, the same for the same seed (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

if (process.argv[1] === import.meta.filename) process.send?.(await run(JSON.parse(process.argv[2]!) as Load))
