import { setTimeout as sleep } from 'node:timers/promises'
import { createStream, type Question } from '../question.ts'
import { standardLoad } from '../requests.ts'
import { wrk } from '../wrk.ts'

export const memory: Question = {
  name: 'memory',
  asks: 'Resident memory two seconds after the start; and of Millrace, after ten seconds of PutRecords, 16 connections',
  figures: [
    { title: 'Memory, idle', unit: 'MB', better: 'less' },
    { title: 'Memory, after 10 s of PutRecords', unit: 'MB', better: 'less' },
  ],
  peers: ['kinesalite', 'kinesis-local'],
  async measure({ name, port, residentBytes }, { quick }) {
    await sleep(2_000)
    const idle = residentBytes() / 1e6
    // The same time is not the same records on a peer.
    if (name !== 'Millrace') return [idle, undefined]
    await createStream(port, standardLoad.streamName, 4)
    await wrk(port, standardLoad, quick ? 1 : 10)
    return [idle, residentBytes() / 1e6]
  },
}
