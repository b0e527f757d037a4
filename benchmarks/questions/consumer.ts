import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineStart } from '../pipeline-producer.ts'
import { atMost, createStream, type Question } from '../question.ts'
import { cpuMs, residentBytes } from '../servers.ts'

const cpuTitle = 'Consumer, 1,000 leases on idle shards: CPU time'

/** A shard is quiet, and read less often, after a minute without a record. */
const quietAfterMs = 65_000

export const consumer: Question = {
  name: 'consumer',
  asks: 'One consumer process with the leases of 1,000 shards, by polling, into which nothing is put; after its first minute',
  figures: [
    { title: cpuTitle, unit: '% of a core', better: 'less', must: [atMost(cpuTitle, 15, '% of a core')] },
    { title: "Consumer, idle leases: the server's CPU time", unit: '% of a core', better: 'less' },
    { title: 'Consumer, idle leases: memory', unit: 'MB', better: 'less' },
  ],
  peers: [],
  roundsMax: 3,
  async measure(server, { quick }) {
    const start: PipelineStart = { port: server.port, streamName: 'idle', shardCount: 1000 }
    await createStream(server.port, start.streamName, start.shardCount)
    const child = fork(join(import.meta.dirname, '../idle-consumer.ts'))
    const kill = () => child.kill('SIGKILL')
    process.on('exit', kill)
    child.on('exit', () => process.off('exit', kill))
    try {
      child.send(start)
      await once(child, 'message')
      await sleep(quietAfterMs)
      const seconds = quick ? 20 : 60
      const [consumerMs, serverMs] = [cpuMs(child.pid!), server.cpuMs()]
      await sleep(seconds * 1000)
      const share = (ms: number) => ms / (seconds * 10)
      return [share(cpuMs(child.pid!) - consumerMs), share(server.cpuMs() - serverMs), residentBytes(child.pid!) / 1e6]
    } finally {
      child.disconnect()
    }
  },
}
