import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentFixture, linesOf, numbered } from './testing/agent-fixture.ts'

/*
 * Each form of rotation, with lines before, at and after it, while a pattern means the rotated files too and while it
 * does not, with the system's hints about directories and without: no line is lost, none is sent twice, and the lines of
 * the file before come before those of the next.
 */

const patterns = { 'the rotated files too': '/logs/app.log*', 'the newest file alone': '/logs/app.log' }

for (const [meant, filePattern] of Object.entries(patterns))
  for (const givesHints of [true, false]) {
    const which = `${meant}, ${givesHints ? 'with' : 'without'} hints`
    const start = (text = numbered(0, 10)) =>
      AgentFixture.start({ filePattern }, ({ files }) => {
        files.givesHints = givesHints
        files.write('/logs/app.log', text)
      })

    test(`rename and create: ${which}`, async () => {
      const fixture = await start()
      const { files } = fixture
      await fixture.settle()
      for (let i = 1; i <= 3; i++) {
        files.append('/logs/app.log', numbered(i * 10, i * 10 + 5))
        for (let n = 3; n >= 1; n--) if (i > n) files.rename(`/logs/app.log.${n}`, `/logs/app.log.${n + 1}`)
        files.rename('/logs/app.log', '/logs/app.log.1')
        files.append('/logs/app.log.1', numbered(i * 10 + 5, i * 10 + 7)) // the writer still has the old one open
        files.write('/logs/app.log', numbered(i * 10 + 7, i * 10 + 10))
        await fixture.settle()
      }
      assert.deepEqual(fixture.lines, linesOf(numbered(0, 40)))
      await fixture.stop()
    })

    test(`rename, create, compress and remove: ${which}`, async () => {
      const fixture = await start()
      const { files } = fixture
      await fixture.settle()
      files.append('/logs/app.log', numbered(10, 20))
      files.rename('/logs/app.log', '/logs/app.log.1')
      files.write('/logs/app.log', '')
      await fixture.settle(15_000)
      files.write('/logs/app.log.1.gz', 'compressed\nbytes\n')
      files.remove('/logs/app.log.1')
      files.append('/logs/app.log', numbered(20, 30))
      await fixture.settle(15_000)
      assert.deepEqual(fixture.lines, linesOf(numbered(0, 30)))
      assert.equal(fixture.agent.status.files, 1)
      await fixture.stop()
    })

    test(`truncate: ${which}`, async () => {
      const fixture = await start()
      await fixture.settle()
      fixture.files.truncate('/logs/app.log')
      await fixture.settle()
      fixture.files.append('/logs/app.log', numbered(10, 12))
      await fixture.settle()
      assert.deepEqual(fixture.lines, linesOf(numbered(0, 12)))
      await fixture.stop()
    })

    test(`truncate, and longer than before by the time of the next look: ${which}`, async () => {
      const fixture = await start()
      await fixture.settle()
      fixture.files.write('/logs/app.log', numbered(10, 50))
      await fixture.settle()
      assert.deepEqual(fixture.lines, linesOf(numbered(0, 50)))
      await fixture.stop()
    })

    test(`truncate, and longer than before with the same beginning: ${which}`, async () => {
      const head = `${'#'.repeat(2000)}\n`
      const fixture = await start(head + numbered(0, 10))
      await fixture.settle()
      fixture.files.write('/logs/app.log', head + numbered(10, 50))
      await fixture.settle()
      assert.deepEqual(fixture.lines, [...linesOf(head + numbered(0, 10)), ...linesOf(head + numbered(10, 50))])
      await fixture.stop()
    })

    test(`remove and create at the same inode: ${which}`, async () => {
      const fixture = await start()
      await fixture.settle()
      fixture.files.remove('/logs/app.log')
      fixture.files.write('/logs/app.log', numbered(10, 30))
      await fixture.settle()
      assert.deepEqual(fixture.lines, linesOf(numbered(0, 30)))
      await fixture.stop()
    })

    test(`the last line of a renamed file needs no end: ${which}`, async () => {
      const fixture = await start('one\ntw')
      const { files } = fixture
      await fixture.settle()
      files.rename('/logs/app.log', '/logs/app.log.1')
      files.append('/logs/app.log.1', 'o')
      files.write('/logs/app.log', 'three\n')
      await fixture.settle(15_000)
      assert.deepEqual(fixture.lines, ['one\n', 'two', 'three\n'])
      await fixture.stop()
    })
  }

for (const givesHints of [true, false]) {
  const hints = givesHints ? 'with hints' : 'without hints'
  const start = () =>
    AgentFixture.start({}, ({ files }) => {
      files.givesHints = givesHints
      files.write('/logs/app.log', numbered(0, 10))
    })

  test(`copy and truncate, with lines that were not read yet in the copy: ${hints}`, async () => {
    const fixture = await start()
    const { files } = fixture
    await fixture.settle()
    for (let i = 1; i <= 3; i++) {
      for (let n = 3; n >= 1; n--) if (i > n) files.rename(`/logs/app.log.${n}`, `/logs/app.log.${n + 1}`)
      files.append('/logs/app.log', numbered(i * 10, i * 10 + 5))
      files.copy('/logs/app.log', '/logs/app.log.1')
      files.truncate('/logs/app.log')
      files.append('/logs/app.log', numbered(i * 10 + 5, i * 10 + 10))
      await fixture.settle(15_000)
    }
    assert.deepEqual(fixture.lines, linesOf(numbered(0, 40)))
    await fixture.stop()
  })

  test(`copy and truncate, slowly: ${hints}`, async () => {
    const fixture = await start()
    const { files } = fixture
    await fixture.settle()
    files.write('/logs/app.log.1', '')
    await fixture.settle(300)
    files.append('/logs/app.log.1', numbered(0, 4))
    await fixture.settle()
    files.append('/logs/app.log', numbered(10, 15))
    files.write('/logs/app.log.1', numbered(0, 15))
    await fixture.settle()
    files.truncate('/logs/app.log')
    await fixture.settle()
    files.append('/logs/app.log', numbered(15, 20))
    await fixture.settle()
    assert.deepEqual(fixture.lines, linesOf(numbered(0, 20)))
    await fixture.stop()
  })

  test(`copy, without a truncation: ${hints}`, async () => {
    const fixture = await start()
    const { files } = fixture
    await fixture.settle()
    files.copy('/logs/app.log', '/logs/app.log.bak')
    await fixture.settle()
    files.append('/logs/app.log', numbered(10, 20))
    await fixture.settle(15_000)
    assert.deepEqual(fixture.lines, linesOf(numbered(0, 20)))
    await fixture.stop()
  })

  test(`files that only look alike are all read: ${hints}`, async () => {
    const fixture = await AgentFixture.start({ filePattern: '/logs/*.log' }, ({ files }) => {
      files.givesHints = givesHints
      files.write('/logs/a.log', numbered(0, 10))
    })
    await fixture.settle()
    for (const name of ['b', 'c', 'd']) fixture.files.write(`/logs/${name}.log`, numbered(0, 10))
    await fixture.settle(15_000)
    assert.equal(fixture.lines.length, 40)
    await fixture.stop()
  })
}

test('rotation while the agent is down: the rest of the old file, then the new one', async () => {
  for (const filePattern of Object.values(patterns)) {
    const first = await AgentFixture.start({ filePattern }, ({ files }) =>
      files.write('/logs/app.log', numbered(0, 10)),
    )
    await first.settle()
    await first.stop()
    first.files.append('/logs/app.log', numbered(10, 15))
    first.files.rename('/logs/app.log', '/logs/app.log.1')
    first.files.write('/logs/app.log', numbered(15, 20))
    const second = await first.restart({ filePattern })
    await second.settle()
    assert.deepEqual([...first.lines, ...second.lines], linesOf(numbered(0, 20)), filePattern)
    await second.stop()
  }
})

test('a file that was truncated, or replaced at its inode, while the agent was down is read from its beginning', async () => {
  for (const replace of ['truncate', 'remove'] as const) {
    const first = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 10)))
    await first.settle()
    await first.stop()
    first.files[replace]('/logs/app.log')
    first.files.append('/logs/app.log', numbered(10, 100))
    const second = await first.restart()
    await second.settle()
    assert.deepEqual(second.lines, linesOf(numbered(10, 100)), replace)
    await second.stop()
  }
})

test('two names of one file are one file', async () => {
  const fixture = await AgentFixture.start({ filePattern: '/logs/*.log' }, ({ files }) => {
    files.write('/logs/app-1.log', numbered(0, 10))
    files.link('/logs/app-1.log', '/logs/current.log')
  })
  await fixture.settle()
  fixture.files.append('/logs/current.log', numbered(10, 20))
  await fixture.settle()
  // The link goes to the next file, as some loggers do.
  fixture.files.remove('/logs/current.log')
  fixture.files.write('/logs/app-2.log', numbered(20, 30))
  fixture.files.link('/logs/app-2.log', '/logs/current.log')
  await fixture.settle(15_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 30)))
  await fixture.stop()
})

test('a rotated file that may not be read holds up nobody', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 10)))
  await fixture.settle()
  await fixture.stop()
  const { files } = fixture
  files.append('/logs/app.log', numbered(10, 20))
  files.rename('/logs/app.log', '/logs/app.log.1')
  files.write('/logs/app.log', numbered(20, 30))
  files.faults.set('/logs/app.log.1', { on: 'read', code: 'EIO' })
  const next = await fixture.restart()
  await next.settle(20_000)
  assert.deepEqual(next.lines, linesOf(numbered(20, 30)))
  files.faults.clear()
  await next.settle(20_000)
  assert.deepEqual(new Set(next.lines), new Set(linesOf(numbered(10, 30))))
  await next.stop()
})

test('copy and truncate while the agent is down: the rest of the copy, then the file from its beginning', async () => {
  const first = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 10)))
  await first.settle()
  await first.stop()
  first.files.append('/logs/app.log', numbered(10, 15))
  first.files.copy('/logs/app.log', '/logs/app.log.1')
  first.files.truncate('/logs/app.log')
  first.files.append('/logs/app.log', numbered(15, 18))
  const second = await first.restart()
  await second.settle()
  assert.deepEqual([...first.lines, ...second.lines], linesOf(numbered(0, 18)))
  await second.stop()
})

test('END_OF_FILE holds for a file that could not be read at the first start', async () => {
  const fixture = await AgentFixture.start({ initialPosition: 'END_OF_FILE' }, ({ files }) => {
    files.write('/logs/app.log', numbered(0, 10))
    files.faults.set('/logs/app.log', { on: 'open', code: 'EACCES' })
  })
  await fixture.settle()
  fixture.files.faults.clear()
  await fixture.settle(15_000)
  fixture.files.append('/logs/app.log', numbered(10, 12))
  await fixture.settle(15_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(10, 12)))
  await fixture.stop()
})
