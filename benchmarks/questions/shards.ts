import { setTimeout as sleep } from 'node:timers/promises'
import { atMost, createStream, type Question, ratioWithin } from '../question.ts'
import { type Load, standardLoad } from '../requests.ts'
import { wrk } from '../wrk.ts'

const counts = [1, 16, 256, 4096]
const many = counts.at(-1)!

const titleOf = (count: number) =>
  `PutRecords, 500 × 100 B, over ${count.toLocaleString('en')} shard${count === 1 ? '' : 's'}`
const memoryTitle = 'Memory for each idle shard'

export const shards: Question = {
  name: 'shards',
  asks: 'The rate of PutRecords by the number of shards; and what memory 4,096 idle shards add',
  figures: [
    ...counts.map((count, i) => ({
      title: titleOf(count),
      unit: 'records/s',
      better: 'more' as const,
      must: i === 0 ? [] : [ratioWithin(titleOf(count), titleOf(counts[0]!), 0.75, '≥ 0.75 of 1 shard')],
    })),
    { title: memoryTitle, unit: 'KB', better: 'less', must: [atMost(memoryTitle, 20, 'KB')] },
  ],
  peers: [],
  async measure(server, { warmUpSeconds, seconds }) {
    await createStream(server.port, streamOf(counts[0]!), counts[0]!)
    await sleep(1_000)
    const beforeBytes = server.residentBytes()
    await createStream(server.port, streamOf(many), many)
    await sleep(1_000)
    const idleKb = (server.residentBytes() - beforeBytes) / 1000 / many
    for (const count of counts.slice(1, -1)) await createStream(server.port, streamOf(count), count)

    await wrk(server.port, loadOf(counts[0]!), warmUpSeconds)
    const rates: number[] = []
    for (const count of counts) {
      await wrk(server.port, loadOf(count), 1)
      const { callsPerSecond } = await wrk(server.port, loadOf(count), seconds)
      rates.push(callsPerSecond * loadOf(count).recordsInCall)
    }
    return [...rates, idleKb]
  },
}

const streamOf = (count: number) => `bench-${count}`

const loadOf = (count: number): Load => ({ ...standardLoad, streamName: streamOf(count) })
