import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { RetentionTime } from './retention-time.ts'

const hourMs = 3_600_000
const yearMs = 365 * 24 * hourMs
const retentionMs = 24 * hourMs

function started() {
  const clock = new ManualClock()
  const step = (ms: number) => clock.setWallClock(clock.nowMs() + ms)
  return { clock, step, time: new RetentionTime(clock), startMs: clock.nowMs() }
}

test('time that passes makes what is older than the retention expire', async () => {
  const { clock, time, startMs } = started()
  assert.equal(time.horizonMs(retentionMs), startMs - retentionMs)
  await clock.advance(retentionMs + 1)
  assert.equal(time.horizonMs(retentionMs), startMs + 1)
})

test('a step of a year forward makes nothing expire, before or after it, until its retention has passed', async () => {
  const { clock, step, time, startMs } = started()
  await clock.advance(hourMs)
  step(yearMs)
  assert.ok(time.horizonMs(retentionMs) <= startMs)
  const afterMs = clock.nowMs()
  await clock.advance(retentionMs - hourMs)
  assert.equal(time.horizonMs(retentionMs), startMs, 'what came at the start is as old as the retention')
  await clock.advance(hourMs)
  assert.equal(time.horizonMs(retentionMs), afterMs, 'and now what came after the step')
})

test('a step that is taken back is forgotten', () => {
  const { step, time, startMs } = started()
  step(yearMs)
  time.horizonMs(retentionMs)
  step(-yearMs)
  assert.equal(time.horizonMs(retentionMs), startMs - retentionMs)
  step(-retentionMs)
  assert.equal(time.horizonMs(retentionMs), startMs - 2 * retentionMs)
})

test('what came while the clock was behind does not expire when it is put right, or far ahead', () => {
  const { clock, step, time } = started()
  step(-retentionMs)
  const givenMs = clock.nowMs()
  time.horizonMs(retentionMs)
  step(retentionMs)
  assert.ok(time.horizonMs(retentionMs) <= givenMs)
  step(yearMs)
  assert.ok(time.horizonMs(retentionMs) <= givenMs)
})

test('a step back and forward again is noticed if a time was given between, whoever else looks', () => {
  const { step, time } = started()
  step(-retentionMs)
  const givenMs = time.nowMs()
  step(retentionMs)
  assert.ok(time.horizonMs(retentionMs / 2) <= givenMs)
})

test('however often a clock is set, nothing expires early, and little is remembered', async () => {
  const { clock, step, time } = started()
  const given: { readonly stampMs: number; readonly atMs: number }[] = []
  let lastMs = 0
  for (let i = 0; i < 400; i++) {
    lastMs = Math.max(lastMs, clock.nowMs())
    given.push({ stampMs: lastMs, atMs: clock.monotonicMs() })
    step([yearMs, -24 * hourMs, hourMs, -hourMs, 10_000, -500][i % 6]!)
    time.horizonMs(retentionMs)
    await clock.advance(hourMs / 2)
    const horizonMs = time.horizonMs(retentionMs)
    for (const { stampMs, atMs } of given)
      assert.ok(stampMs >= horizonMs || clock.monotonicMs() - atMs >= retentionMs - 1_000, `after ${i} steps`)
  }
})
