import { createRequire } from 'node:module'
import { AggregateBuilder, deaggregateRecords } from '@millrace/formats'
import { type Effort, type Question, ratioWithin } from '../question.ts'
import { install } from '../servers.ts'

const recordCount = 450
const recordBytes = 100
/** KPL's largest aggregate by default holds about as many. */
const what = `${recordCount} × ${recordBytes} B`
const packTitle = `Aggregate ${what}`
const unpackTitle = `De-aggregate ${what}`
const peerTitle = (title: string) => `${title}, aws-kinesis-agg`
const cpu = { unit: 'µs/record', better: 'less' } as const

export const aggregation: Question = {
  name: 'aggregation',
  asks: `Processor time to aggregate and de-aggregate ${what}, each under a key of its own, checksums checked`,
  figures: [
    { title: packTitle, ...cpu, must: [ratioWithin(peerTitle(packTitle), packTitle, 3, '≥ 3 × aws-kinesis-agg')] },
    { title: peerTitle(packTitle), ...cpu },
    {
      title: unpackTitle,
      ...cpu,
      must: [ratioWithin(peerTitle(unpackTitle), unpackTitle, 3, '≥ 3 × aws-kinesis-agg')],
    },
    { title: peerTitle(unpackTitle), ...cpu },
  ],
  peers: [],
  measure: async (_, effort) => measureBoth(effort),
}

/** What is used of aws-kinesis-agg: the calls that its own page shows. */
type Peer = {
  aggregate(
    records: readonly object[],
    onReady: (encoded: { data: Uint8Array }, done: () => void) => void,
    onEnd: () => void,
    onError: (error: Error) => void,
  ): void
  deaggregateSync(record: object, checksums: boolean, done: (error: Error | null, records?: object[]) => void): void
}

async function measureBoth({ seconds }: Effort): Promise<number[]> {
  const peer = createRequire(import.meta.url)(install('aws-kinesis-agg@4.2.8')) as Peer
  const records = Array.from({ length: recordCount }, (_, i) => ({
    partitionKey: `key-${i}`,
    data: Buffer.alloc(recordBytes, i),
  }))
  const builder = new AggregateBuilder()
  const pack = (): Uint8Array => {
    for (const { partitionKey, data } of records) builder.add(partitionKey, undefined, data, Number.POSITIVE_INFINITY)
    return builder.finish()
  }
  const Data = pack()
  const record = { Data, PartitionKey: 'a', SequenceNumber: '1' }
  const peerPack = () =>
    new Promise<Uint8Array>((resolve, reject) => {
      let data: Uint8Array = new Uint8Array(0)
      const onReady = (encoded: { data: Uint8Array }, done: () => void) => {
        data = encoded.data
        done()
      }
      peer.aggregate(records, onReady, () => resolve(data), reject)
    })
  const peerUnpack = (): number => {
    let count = 0
    peer.deaggregateSync(record, true, (error, all) => {
      if (error) throw error
      count = all!.length
    })
    return count
  }
  const unpack = (): number => deaggregateRecords([record]).length
  if (Buffer.compare(await peerPack(), Data) !== 0) throw new Error('the aggregates differ')
  if (peerUnpack() !== recordCount || unpack() !== recordCount) throw new Error('records are missing')

  const jobs = [pack, peerPack, unpack, peerUnpack]
  const usedUs = [0, 0, 0, 0]
  const runs = [0, 0, 0, 0]
  const inTurn = 50
  // In small turns, so that what else the machine does meets all of them; the first second compiles.
  const startedMs = performance.now()
  for (
    let warm = false;
    performance.now() - startedMs < (1 + 4 * seconds) * 1000;
    warm ||= performance.now() - startedMs > 1000
  ) {
    for (const [i, job] of jobs.entries()) {
      const before = process.cpuUsage()
      for (let run = 0; run < inTurn; run++) await job()
      const { user, system } = process.cpuUsage(before)
      if (!warm) continue
      usedUs[i]! += user + system
      runs[i]! += inTurn
    }
  }
  return usedUs.map((us, i) => us / runs[i]! / recordCount)
}
