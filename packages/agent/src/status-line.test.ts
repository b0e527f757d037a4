import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { noCounts } from './counts.ts'
import { StatusLine } from './status-line.ts'

function watched(isTTY: boolean, columns?: number) {
  const clock = new ManualClock()
  const written: string[] = []
  const status = { ...noCounts(), files: 2, pending: 0, behindBytes: 0 }
  const output = { write: (text: string) => written.push(text), isTTY, ...(columns && { columns }) }
  return { clock, written, status, line: new StatusLine(() => status, output, clock, 30_000) }
}

test('without a terminal there is a line each period, with the rate since the last', async () => {
  const { clock, written, status, line } = watched(false)
  Object.assign(status, { read: 70_000, sent: 60_000, pending: 500, behindBytes: 3 * 1024 * 1024, errors: 1 })
  await clock.advance(30_000)
  await clock.advance(30_000)
  Object.assign(status, { sent: 66_000, skipped: 4, truncated: 1 })
  await clock.advance(15_000)
  line.end()
  const head = 'millrace agent: 2 files, 70,000 read'
  assert.deepEqual(written, [
    `${head}, 60,000 sent, 2,000/s, 500 pending, 3.0 MiB behind, 1 errors\n`,
    `${head}, 60,000 sent, 0/s, 500 pending, 3.0 MiB behind, 1 errors\n`,
    `${head}, 66,000 sent, 400/s, 500 pending, 3.0 MiB behind, 1 errors, 4 left out, 1 truncated\n`,
  ])
})

test('on a terminal the line is written anew twice a second, is not wider than it, and makes place for others', async () => {
  const { clock, written, line } = watched(true, 40)
  await clock.advance(1000)
  assert.equal(written.length, 2)
  assert.equal(written[0], '\r\u001b[Kmillrace agent: 2 files, 0 read, 0 sent')
  line.clear()
  assert.equal(written.at(-1), '\r\u001b[K')
  line.end()
  assert.equal(written.at(-1), '\n')
})
