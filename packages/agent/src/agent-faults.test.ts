import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBytesMax } from './sending/read-budget.ts'
import { AgentFixture, linesOf, MemoryStateFile, numbered } from './testing/agent-fixture.ts'

test('a file that may not be read is told once, and read when it may be', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => {
    files.write('/logs/app.log', numbered(0, 10))
    files.faults.set('/logs/app.log', { on: 'open', code: 'EACCES' })
  })
  await fixture.settle(30_000)
  assert.deepEqual(fixture.lines, [])
  assert.equal(fixture.log.filter((line) => line.includes('EACCES')).length, 1)
  fixture.files.faults.clear()
  await fixture.settle(15_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 10)))
  await fixture.stop()
})

test('reads that fail, and reads that give less than asked, lose and repeat nothing', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => {
    files.readBytesMax = 7
    files.write('/logs/app.log', numbered(0, 50))
  })
  await fixture.settle(2000)
  fixture.files.faults.set('/logs/app.log', { on: 'read', code: 'EIO' })
  fixture.files.append('/logs/app.log', numbered(50, 100))
  await fixture.settle(20_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 50)))
  fixture.files.faults.clear()
  await fixture.settle(20_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 100)))
  await fixture.stop()
})

test('a file that vanishes is read to its end, and let go', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 10)))
  await fixture.settle()
  fixture.files.append('/logs/app.log', numbered(10, 20))
  fixture.files.remove('/logs/app.log')
  await fixture.settle(30_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 20)))
  assert.equal(fixture.agent.status.files, 0)
  assert.equal(fixture.files.openFiles, 0)
  await fixture.stop()
})

test('a directory that comes later is found', async () => {
  const fixture = await AgentFixture.start({ filePattern: '/var/*/logs/**/app.log' })
  await fixture.settle(2000)
  fixture.files.write('/var/a/logs/x/y/app.log', 'deep\n')
  fixture.files.write('/var/b/logs/app.log', 'flat\n')
  fixture.files.write('/var/b/logs/other.log', 'not meant\n')
  await fixture.settle(15_000)
  assert.deepEqual(fixture.lines.sort(), ['deep\n', 'flat\n'])
  await fixture.stop()
})

test('what a service does not take is tried again, the rest of the batch is not, and the next batch waits', async () => {
  const fixture = await AgentFixture.start({ maxBufferSizeRecords: 10 }, ({ files, sink }) => {
    files.write('/logs/app.log', numbered(0, 30))
    let calls = 0
    sink.answer = async (records) =>
      ++calls === 1
        ? { records: records.slice(3, 5), reason: 'ProvisionedThroughputExceededException' }
        : { records: [], reason: '' }
  })
  await fixture.settle()
  const first = linesOf(numbered(0, 10))
  assert.deepEqual(fixture.sink.calls, [
    first.filter((_, i) => i < 3 || i > 4),
    first.slice(3, 5),
    linesOf(numbered(10, 20)),
    linesOf(numbered(20, 30)),
  ])
  await fixture.stop()
})

test('a destination that is down for an hour costs nothing but waiting', async () => {
  let isDown = true
  let calls = 0
  const fixture = await AgentFixture.start({}, ({ files, sink }) => {
    files.write('/logs/app.log', numbered(0, 5000))
    sink.answer = async () => {
      calls++
      if (isDown) throw new Error('connect ECONNREFUSED')
      return { records: [], reason: '' }
    }
  })
  for (let minute = 0; minute < 60; minute++) {
    await fixture.clock.advance(60_000)
    fixture.files.append('/logs/app.log', numbered(5000 + minute, 5001 + minute))
  }
  assert.ok(calls >= 360 && calls < 800, `${calls} calls: the back-off ends at ten seconds`)
  assert.ok(fixture.log.length <= 62, `${fixture.log.length} log lines: once a minute`)
  isDown = false
  await fixture.settle(30_000)
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 5060)))
  await fixture.stop()
})

test('with nobody taking records, memory stays within its bound, whatever the files hold', async () => {
  const fixture = await AgentFixture.start({ filePattern: '/logs/*.log' }, ({ files, sink }) => {
    sink.answer = () => new Promise(() => {})
    const text = `${'x'.repeat(999)}\n`.repeat(20_000)
    for (let i = 0; i < 10; i++) files.write(`/logs/${i}.log`, text)
  })
  await fixture.settle(10_000)
  const bound = readBytesMax + 10 * 256 * 1024
  assert.ok(fixture.files.readBytes <= bound, `read ${fixture.files.readBytes} of 200,000,000 bytes`)
  fixture.kill()
})

test('at SIGTERM what cannot be sent is given up after shutdownTimeoutMillis, and sent by the next start', async () => {
  const first = await AgentFixture.start({}, ({ files, sink }) => {
    files.write('/logs/app.log', numbered(0, 10))
    sink.answer = () => Promise.reject(new Error('down'))
  })
  await first.settle()
  const beforeMs = first.clock.monotonicMs()
  await first.stop()
  assert.ok(first.clock.monotonicMs() - beforeMs < 11_000)
  const second = await first.restart()
  await second.settle()
  assert.deepEqual(second.lines, linesOf(numbered(0, 10)))
  await second.stop()
})

test('killed at any moment: no line is lost, and of each file at most the batch that was under way is sent again', async () => {
  const flow = { filePattern: '/logs/*.log', maxBufferSizeRecords: 20 }
  let fixture = await AgentFixture.start(flow)
  const { files, clock } = fixture
  const sent: string[] = []
  let kills = 0
  const lines = 600
  for (let turn = 0; turn < 40; turn++) {
    const [from, to] = [(turn * lines) / 40, ((turn + 1) * lines) / 40]
    for (const name of ['a', 'b']) files.append(`/logs/${name}.log`, numbered(from, to).replaceAll('line', name))
    if (turn % 10 === 5) {
      files.rename('/logs/a.log', `/logs/a-${turn}.log`)
      files.write('/logs/a.log', '')
    }
    // Some kills come at once, some when a call is under way, some when all is done.
    await clock.advance([1, 150, 1100, 5000][turn % 4]!)
    fixture.kill()
    kills++
    sent.push(...fixture.lines)
    fixture = await fixture.restart(flow)
  }
  await fixture.settle(20_000)
  sent.push(...fixture.lines)
  await fixture.stop()
  for (const name of ['a', 'b']) {
    const own = sent.filter((line) => line.startsWith(name))
    assert.equal(new Set(own).size, lines, `${name}: every line is there`)
    assert.ok(own.length - lines <= kills * 20, `${name}: ${own.length - lines} lines twice after ${kills} kills`)
  }
})

test('while the state cannot be written nothing more is sent, and it goes on when it can', async () => {
  const fixture = await AgentFixture.start({ maxBufferSizeRecords: 10 }, ({ files }) =>
    files.write('/logs/app.log', numbered(0, 10)),
  )
  await fixture.settle()
  fixture.state.failWith = 'ENOSPC'
  fixture.files.append('/logs/app.log', numbered(10, 100))
  await fixture.settle()
  assert.equal(fixture.lines.length, 20, 'one batch is not yet in the state')
  assert.ok(fixture.log.some((line) => line.startsWith('error checkpoints cannot be written')))
  fixture.state.failWith = undefined
  await fixture.settle()
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 100)))
  await fixture.stop()
})

test('a state that cannot be understood is told and put aside, and lines are rather sent twice than lost', async () => {
  for (const damage of ['not ours at all', '{"millrace":"agent checkpoints","version":1}\n00000000 {"flow":1}\n']) {
    const fixture = new AgentFixture()
    fixture.files.write('/logs/app.log', numbered(0, 10))
    fixture.state.bytes = Buffer.from(damage)
    await fixture.start({ initialPosition: 'END_OF_FILE' })
    await fixture.settle()
    assert.equal(fixture.state.aside?.toString(), damage)
    assert.ok(fixture.log.some((line) => line.startsWith('error the checkpoint file')))
    assert.deepEqual(fixture.lines, linesOf(numbered(0, 10)))
    await fixture.stop()
  }
})

test('a state cut off at any byte loses at most its last line', async () => {
  const first = await AgentFixture.start({ maxBufferSizeRecords: 10 }, ({ files }) =>
    files.write('/logs/app.log', numbered(0, 40)),
  )
  await first.settle()
  await first.stop()
  const whole = first.state.bytes!
  const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1
  for (let length = lastLine; length < whole.length; length += 7) {
    const second = new AgentFixture()
    Object.assign(second, { files: first.files, state: new MemoryStateFile(whole.subarray(0, length)) })
    await second.start({ maxBufferSizeRecords: 10 })
    await second.settle(3000)
    assert.deepEqual(second.lines, linesOf(numbered(30, 40)), `cut at ${length} of ${whole.length}`)
    assert.equal(second.state.aside, undefined)
    await second.stop()
  }
})
