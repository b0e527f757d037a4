import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentFixture, linesOf, numbered } from './testing/agent-fixture.ts'

test('lines are sent in their order, each with its end, and what is added later follows', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 1200)))
  await fixture.settle()
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 1200)))
  fixture.files.append('/logs/app.log', numbered(1200, 1210))
  await fixture.settle()
  assert.deepEqual(fixture.lines, linesOf(numbered(0, 1210)))
  assert.deepEqual(
    fixture.sink.calls.map((call) => call.length),
    [500, 500, 200, 10],
  )
  await fixture.stop()
})

test('a line without its end waits until the end comes', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', 'whole\nhal'))
  await fixture.settle(60_000)
  assert.deepEqual(fixture.lines, ['whole\n'])
  fixture.files.append('/logs/app.log', 'f\n')
  await fixture.settle()
  assert.deepEqual(fixture.lines, ['whole\n', 'half\n'])
  await fixture.stop()
})

test('a file that is only there later is read from its beginning, also with END_OF_FILE', async () => {
  const fixture = await AgentFixture.start(
    { initialPosition: 'END_OF_FILE', filePattern: '/logs/*.log' },
    ({ files }) => files.write('/logs/old.log', 'old\nstill being writ'),
  )
  await fixture.settle()
  fixture.files.append('/logs/old.log', 'ten\n')
  fixture.files.write('/logs/new.log', 'new\n')
  await fixture.settle()
  assert.deepEqual(fixture.lines.sort(), ['new\n', 'still being written\n'])
  await fixture.stop()
})

test('after a stop the next start goes on where the last one ended', async () => {
  const first = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', numbered(0, 700)))
  await first.settle()
  await first.stop()
  first.files.append('/logs/app.log', numbered(700, 900))
  const second = await first.restart()
  await second.settle()
  assert.deepEqual([...first.lines, ...second.lines], linesOf(numbered(0, 900)))
  await second.stop()
})

test('SIGTERM sends what was read and not what waits for its end', async () => {
  const fixture = await AgentFixture.start({ maxBufferAgeMillis: 900_000 }, ({ files }) =>
    files.write('/logs/app.log', 'one\ntwo\nthr'),
  )
  await fixture.settle()
  assert.deepEqual(fixture.lines, [])
  await fixture.stop()
  assert.deepEqual(fixture.lines, ['one\n', 'two\n'])
  assert.equal(fixture.files.openFiles, 0)
})
