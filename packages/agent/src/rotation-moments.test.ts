import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentFixture, linesOf, numbered } from './testing/agent-fixture.ts'
import type { MemoryFileSystem } from './testing/memory-file-system.ts'

/*
 * Files are rotated while the agent is at work: two rotations, of which each step falls before a call of the agent's to the
 * disk, tried at every call, and closer to each other or further apart. Whatever is seen half way, each line comes once.
 */

const path = '/logs/app.log'

type Write = (count: number) => string
type Step = (files: MemoryFileSystem, write: Write) => void

/** What was copied or renamed before moves on by one. */
function makeWay(files: MemoryFileSystem, count: number): void {
  for (let n = count; n >= 1; n--) files.rename(`${path}.${n}`, `${path}.${n + 1}`)
}

/** Lines that the writer adds to the new file: fewer than were read of the old one, and more. */
const rotations: Record<string, (lines: number) => Step[]> = {
  'copy and truncate': (lines) =>
    [0, 1].flatMap((rotated): Step[] => [
      (files, write) => {
        makeWay(files, rotated)
        files.append(path, write(3))
        files.copy(path, `${path}.1`)
        files.truncate(path)
      },
      (files, write) => files.append(path, write(lines)),
    ]),
  'copy, and truncate later': (lines) =>
    [0, 1].flatMap((rotated): Step[] => [
      (files, write) => {
        makeWay(files, rotated)
        files.append(path, write(3))
        files.copy(path, `${path}.1`)
      },
      (files) => files.truncate(path),
      (files, write) => files.append(path, write(lines)),
    ]),
  'rename and create': (lines) =>
    [0, 1].flatMap((rotated): Step[] => [
      (files) => {
        makeWay(files, rotated)
        files.rename(path, `${path}.1`)
      },
      (files, write) => files.append(`${path}.1`, write(2)), // the writer still has the old one open
      (files, write) => files.write(path, write(lines)),
    ]),
}

for (const [name, steps] of Object.entries(rotations))
  for (const givesHints of [true, false])
    test(`${name}, at whichever call of the agent's, ${givesHints ? 'with' : 'without'} hints: each line comes once`, async (t) => {
      let moments = 0
      for (const lines of [1, 30])
        for (const gap of [1, 11])
          for (let first = 1; ; first++) {
            const isReached = await rotate(steps(lines), givesHints, first, gap, `${lines} lines, ${gap} calls apart`)
            if (!isReached) break
            moments++
          }
      assert.ok(moments > 20, `${moments} moments`)
      t.diagnostic(`${moments} moments`)
    })

/** One life, whose steps fall before the calls `first`, `first + gap`, …; false when there were not so many calls. */
async function rotate(steps: readonly Step[], givesHints: boolean, first: number, gap: number, what: string) {
  let written = 0
  const write = (count: number) => {
    written += count
    return numbered(written - count, written)
  }
  const fixture = await AgentFixture.start({}, ({ files }) => {
    files.givesHints = givesHints
    files.write(path, write(10))
  })
  const { files } = fixture
  await fixture.settle(1000)
  files.append(path, write(5))
  let calls = 0
  let done = 0
  files.beforeCall = () => {
    calls++
    while (done < steps.length && calls >= first + done * gap) steps[done++]!(files, write)
  }
  await fixture.settle(2000)
  files.beforeCall = () => {}
  const isReached = done > 0
  while (done < steps.length) steps[done++]!(files, write)
  await fixture.settle(15_000)
  // Rotated faster than anyone looks, files are read in no order; each is in its own.
  const at = `from call ${first} on, ${what}`
  assert.deepEqual(new Set(fixture.lines), new Set(linesOf(numbered(0, written))), at)
  assert.equal(fixture.lines.length, written, at)
  await fixture.stop()
  return isReached
}
