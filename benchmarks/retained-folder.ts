import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@millrace/ports'
import { sequenceNumberOf } from '../packages/server/src/services/streams/sequence-number.ts'
import { logIdOf, type Stream } from '../packages/server/src/services/streams/stream.ts'
import { openEmbedded } from '../packages/server/src/storage/embedded/open.ts'
import { type Batch, batchOf, entryAt, entryCount, type RecordLog } from '../packages/server/src/storage/log.ts'
import type { Storage } from '../packages/server/src/storage/storage.ts'
import { createStream } from './question.ts'
import { buildRequests, standardLoad } from './requests.ts'
import { type Contestant, contestant, start } from './servers.ts'
import { Connection } from './wire.ts'

/*
 * A data folder with gigabytes in it. A server makes the stream and takes one PutRecords; what it wrote of that is then
 * appended to the storage again and again, batch by batch, as it would: through HTTP it would take ten times as long.
 */

const shardCount = 4
const writers = 64
const spareBytes = 2e9

/** What is asked of a stream that holds a lot. */
export type Filled = {
  /** Millrace with this folder. */
  readonly server: Contestant
  readonly logDirectory: string
  /** When the first record came and when the last did, by the storage's clock. */
  readonly firstMs: number
  readonly lastMs: number
  /** A sequence number of the first shard, by its place from 0 up to 1. */
  sequenceNumberAt(portion: number): string
  remove(): void
}

/** Fills a folder below the temporary one. @throws Error without room for it */
export async function fillFolder(bytes: number): Promise<Filled> {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < bytes * 1.2 + spareBytes)
    throw new Error(`there is no room in ${tmpdir()} for ${bytes / 1e9} GB: TMPDIR names another folder`)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-retained-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.on('exit', remove)
  const server: Contestant = {
    ...contestant.millrace(),
    command: (port) => contestant.millrace().command(port, folder),
  }
  await putOnce(server)
  const storage = await openEmbedded({ directory: folder, durability: 'fsync', clock: systemClock, logger: console })
  try {
    const stream = streamIn(storage)
    const logIds = stream.shards.map(({ index }) => logIdOf(stream, index))
    const firstMs = Date.now()
    await fill(storage.log, logIds, bytes)
    const { end } = await storage.log.bounds(logIds[0]!)
    return {
      server,
      logDirectory: join(folder, 'log'),
      firstMs,
      lastMs: Date.now(),
      sequenceNumberAt: (portion) => sequenceNumberOf(stream.shards[0]!, Math.floor(end * portion), firstMs),
      remove() {
        process.off('exit', remove)
        remove()
      },
    }
  } finally {
    await storage.close()
  }
}

async function putOnce(contestant: Contestant): Promise<void> {
  const server = await start(contestant)
  try {
    await createStream(server.port, standardLoad.streamName, shardCount)
    const connection = new Connection(server.port)
    const { status } = await connection.send(buildRequests(standardLoad)[0]!)
    if (status !== 200) throw new Error(`PutRecords: ${status}`)
    connection.close()
  } finally {
    await server.stop()
  }
}

function streamIn({ catalog }: Storage): Stream {
  return catalog.get(`stream/${standardLoad.streamName}`)!.value as unknown as Stream
}

/** Appends what the logs hold to them, each its own, from many writers at once. */
async function fill(log: RecordLog, logIds: readonly string[], bytes: number): Promise<void> {
  const batches = await Promise.all(logIds.map((logId) => batchIn(log, logId)))
  let begun = 0
  const write = async (writer: number) => {
    while (begun < bytes) {
      const i = writer % logIds.length
      begun += batches[i]!.bytes.byteLength
      await log.append(logIds[i]!, batches[i]!)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
}

async function batchIn(log: RecordLog, logId: string): Promise<Batch> {
  const blocks = await log.read(logId, 0, { bytesMax: 1e6, entriesMax: 1e6 })
  return batchOf(blocks.flatMap((block) => Array.from({ length: entryCount(block) }, (_, i) => entryAt(block, i))))
}
