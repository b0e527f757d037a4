import { readdirSync } from 'node:fs'
import { atMost, createStream, type Question } from '../question.ts'
import type { Load } from '../requests.ts'
import { countSyscalls } from '../syscalls.ts'
import { wrk } from '../wrk.ts'

/** 64 connections that wait 30 ms after each answer put about 2,000 records a second, two on each stream. */
const load: Load = {
  operation: 'PutRecord',
  format: 'json',
  streamName: 'bench',
  streams: 1000,
  connections: 64,
  recordsInCall: 1,
  recordBytes: 100,
  delayMs: 30,
}

const p99Title = '1,000 streams, 2 PutRecord/s on each, p99'
const syncsTitle = '1,000 streams: fdatasync calls for each put'
const filesTitle = '1,000 streams: open files'

export const streams: Question = {
  name: 'streams',
  asks: 'PutRecord of 100 B on 1,000 streams in turn, about 2,000 a second in all',
  figures: [
    { title: '1,000 streams, rate', unit: 'records/s', better: 'more' },
    { title: p99Title, unit: 'ms', better: 'less', must: [atMost(p99Title, 50, 'ms')] },
    { title: syncsTitle, unit: 'calls', better: 'less', must: [atMost(syncsTitle, 1, 'calls')] },
    { title: filesTitle, unit: 'files', better: 'less', must: [atMost(filesTitle, 1024, 'files')] },
  ],
  peers: [],
  async measure({ port, pid }, { warmUpSeconds, seconds }) {
    for (let i = 0; i < load.streams!; i++) await createStream(port, `${load.streamName}-${i}`, 1)
    await wrk(port, load, warmUpSeconds)
    const { callsPerSecond, p99Ms } = await wrk(port, load, seconds)
    const files = readdirSync(`/proc/${pid}/fd`).length
    // By itself, because a watched process is slower.
    const counted = await countSyscalls(pid, ['fdatasync', 'fsync'], () => wrk(port, load, seconds))
    const syncs = counted && [...counted.counts.values()].reduce((sum, count) => sum + count, 0)
    return [callsPerSecond, p99Ms, syncs && counted && syncs / counted.result.calls, files]
  },
}
