import { spawnSync } from 'node:child_process'
import { createStream, type Question, ratioWithin } from '../question.ts'
import { standardLoad } from '../requests.ts'
import { wrk } from '../wrk.ts'

const bothTitle = 'PutRecords, 500 × 100 B, server on both cores'
const oneTitle = 'PutRecords, 500 × 100 B, server on one core'

export const cores: Question = {
  name: 'cores',
  asks: 'PutRecords of 500 records of 100 B in JSON, with every thread of the server on one core, and free',
  figures: [
    { title: oneTitle, unit: 'records/s', better: 'more' },
    {
      title: bothTitle,
      unit: 'records/s',
      better: 'more',
      must: [ratioWithin(bothTitle, oneTitle, 1.5, '≥ 1.5 of one core')],
    },
  ],
  peers: [],
  async measure({ pid, port }, { warmUpSeconds, seconds }) {
    await createStream(port, standardLoad.streamName, 4)
    const rate = async () => (await wrk(port, standardLoad, seconds)).callsPerSecond * standardLoad.recordsInCall
    await wrk(port, standardLoad, warmUpSeconds)
    const both = await rate()
    const { status } = spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', '0', String(pid)])
    return [status === 0 ? await rate() : undefined, both]
  },
}
