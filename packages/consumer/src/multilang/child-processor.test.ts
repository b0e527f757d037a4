import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, systemClock } from '@millrace/ports'
import { checkpointerFor, processorWith, record, start } from './child-fixture.ts'
import { slowAnswerMs } from './conversation.ts'

const shardId = 'shardId-000000000007'
const { input: noCheckpoint } = checkpointerFor(shardId)
const batch = { ...noCheckpoint, records: [record('1', 'a')], millisBehindLatest: 0 }

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a child goes from initialize through records to the end of its shard, and is gone', async () => {
  const { processor, failures, standardError } = processorWith(`
    const seen = []
    for (const action of ['initialize', 'processRecords'])
      on[action] = (message) => {
        seen.push(action, message.shardId ?? message.records?.map(({ data }) => Buffer.from(data, 'base64').toString()) ?? '')
        done(action)
      }
    on.shardEnded = () => { seen.push('shardEnded'); say({ action: 'checkpoint' }) }
    on.checkpoint = () => done('shardEnded')
    process.stdin.on('end', () => console.error(JSON.stringify(seen)))
  `)
  await processor.initialize(start)
  const pid = processor.pid!
  await processor.processRecords({ ...batch, records: [record('1', 'one'), record('2', 'two')] })
  await processor.shardEnded(checkpointerFor(shardId, 'at the end').input)
  assert.equal(
    standardError(),
    `${JSON.stringify(['initialize', shardId, 'processRecords', ['one', 'two'], 'shardEnded'])}\n`,
  )
  assert.equal(isAlive(pid), false)
  assert.deepEqual(failures, [])
})

test('checkpoints are written where the child says, and answered before its status is', async () => {
  const { processor, standardError } = processorWith(`
    const places = [[null, null], ['5', null], ['5', 3]]
    const next = () => {
      const [sequenceNumber, subSequenceNumber] = places.shift() ?? []
      if (sequenceNumber === undefined) done('processRecords')
      else say({ action: 'checkpoint', sequenceNumber, subSequenceNumber })
    }
    on.processRecords = next
    on.checkpoint = (answer) => { console.error(answer.sequenceNumber, answer.subSequenceNumber, answer.error); next() }
  `)
  const { written, input } = checkpointerFor(shardId)
  await processor.initialize(start)
  await processor.processRecords({ ...batch, ...input })
  await processor.leaseLost()
  assert.deepEqual(written, [
    undefined,
    { sequenceNumber: '5', subSequenceNumber: 0 },
    { sequenceNumber: '5', subSequenceNumber: 3 },
  ])
  assert.equal(standardError(), 'null null null\n5 null null\n5 3 null\n')
})

test('a checkpoint that fails is answered by the name of the exception in KCL, and the child goes on', async () => {
  const { processor, standardError, failures } = processorWith(`
    let action
    for (const name of ['initialize', 'processRecords'])
      on[name] = () => { action = name; say({ action: 'checkpoint' }) }
    on.checkpoint = ({ error }) => { console.error(action, error); done(action) }
  `)
  await processor.initialize(start)
  await processor.processRecords({ ...batch, ...checkpointerFor(shardId, 'lost').input })
  await processor.leaseLost()
  assert.equal(standardError(), 'initialize InvalidStateException\nprocessRecords ShutdownException\n')
  assert.deepEqual(failures, [])
})

test('what a child prints besides is passed over, and its standard error passed on', async () => {
  const { processor, logged, standardError } = processorWith(`
    print('\\nhello\\n{"action":"nothing"}\\n\\n')
    process.stderr.write('first\\nsecond')
  `)
  await processor.initialize(start)
  await processor.leaseLost()
  const others = logged.flatMap(({ facts }) => (typeof facts?.line === 'string' ? [facts.line] : []))
  assert.deepEqual(others, ['hello', '{"action":"nothing"}'])
  assert.equal(standardError(), 'first\nsecond\n')
})

/** What becomes of a child in processRecords; it must be gone, and told of once. */
async function fails(script: string, message: RegExp, more: { timeoutMs?: number } = {}): Promise<void> {
  const { processor, failures } = processorWith(script, more)
  await processor.initialize(start)
  const pid = processor.pid!
  await assert.rejects(async () => processor.processRecords(batch), message)
  assert.equal(failures.length, 1)
  assert.equal(isAlive(pid), false, 'the child is gone')
  await processor.leaseLost()
  await processor.end()
  assert.equal(failures.length, 1)
}

test('a child that exits fails', () => fails('on.processRecords = () => process.exit(3)', /the child exited with 3/))

test('a child that is killed fails', () =>
  fails("on.processRecords = () => process.kill(process.pid, 'SIGKILL')", /the child was ended by SIGKILL/))

test('a child that answers for another action fails', () =>
  fails(
    "on.processRecords = () => done('initialize')",
    /answered for "initialize" when it was asked for processRecords/,
  ))

test('a child that answers twice fails at the next action', async () => {
  const { processor, failures } = processorWith("on.initialize = () => { done('initialize'); done('initialize') }")
  await processor.initialize(start)
  await assert.rejects(async () => processor.processRecords(batch), /answered for "initialize"/)
  assert.equal(failures.length, 1)
})

test('a child that hangs fails when its time is up, and is killed though it heeds no signal', async () => {
  const { processor, failures } = processorWith(
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); on.processRecords = () => {}",
    { timeoutMs: 50, clock: hurried },
  )
  await processor.initialize(start)
  const pid = processor.pid!
  await assert.rejects(async () => processor.processRecords(batch), /did not answer processRecords within 50 ms/)
  assert.equal(isAlive(pid), false)
  assert.equal(failures.length, 1)
})

/** Seconds pass in milliseconds, but the moment in which a test waits for its child's answer. */
const hurried = {
  ...systemClock,
  after: (ms: number, callback: () => void) => systemClock.after(ms > 1000 ? ms / 20 : ms * 5, callback),
}

test('a child that floods its output without a line end is no burden', () =>
  fails(
    "on.processRecords = () => { for (let i = 0; i < 64; i++) print('x'.repeat(1024 * 1024)); print('\\n'); process.stdout.write('', () => process.exit(0)) }",
    /the child exited with 0/,
  ))

test('a program that is not there is told of by its name', async () => {
  const { processor, failures } = processorWith('', { command: ['no-such-program', 'x'] })
  await assert.rejects(() => processor.initialize(start), /spawn no-such-program ENOENT/)
  assert.equal(failures.length, 1)
  await processor.leaseLost()
  await processor.end()
})

test('a child that does not take the chance to checkpoint at the end is no failure', async () => {
  const { processor, failures, logged } = processorWith('on.shutdownRequested = () => process.exit(1)')
  await processor.initialize(start)
  await processor.shutdownRequested(noCheckpoint)
  await processor.end()
  assert.deepEqual(failures, [])
  assert.ok(logged.some(({ message }) => /did not take its chance/.test(message)))
})

test('a child whose shard ended without its checkpoint is asked again, and ends when it has written it', async () => {
  const { processor, standardError } = processorWith(`
    let times = 0
    on.shardEnded = () => (++times === 1 ? done('shardEnded') : say({ action: 'checkpoint' }))
    on.checkpoint = () => { console.error(times); done('shardEnded') }
  `)
  const { input } = checkpointerFor(shardId, 'at the end')
  await processor.initialize(start)
  await processor.shardEnded(input)
  const pid = processor.pid!
  assert.equal(isAlive(pid), true)
  await processor.shardEnded(input)
  assert.equal(isAlive(pid), false)
  assert.equal(standardError(), '2\n')
})

test('a child that is asked to shut down may checkpoint, is told that its lease is gone, and ends', async () => {
  const { processor, standardError } = processorWith(`
    on.shutdownRequested = () => say({ action: 'checkpoint', sequenceNumber: '1' })
    on.checkpoint = () => done('shutdownRequested')
    on.leaseLost = () => { console.error('leaseLost'); done('leaseLost') }
  `)
  const { written, input } = checkpointerFor(shardId)
  await processor.initialize(start)
  const pid = processor.pid!
  await processor.shutdownRequested(input)
  assert.deepEqual(written, [{ sequenceNumber: '1', subSequenceNumber: 0 }])
  assert.equal(standardError(), 'leaseLost\n')
  assert.equal(isAlive(pid), false)
})

test('a child of the time of KCL 1 is told to shut down, with the reason', async () => {
  const { processor, standardError } = processorWith(
    'on.shutdown = ({ reason }) => { console.error(reason); done("shutdown") }',
    { protocol: 1 },
  )
  await processor.initialize(start)
  await processor.leaseLost()
  assert.equal(standardError(), 'ZOMBIE\n')
})

test('a child that is silent for long is told of in the log, and awaited', async () => {
  const clock = new ManualClock()
  const { processor, logged } = processorWith("on.processRecords = () => setTimeout(done, 200, 'processRecords')", {
    clock,
  })
  await processor.initialize(start)
  const processing = processor.processRecords(batch)
  await clock.advance(slowAnswerMs)
  await processing
  assert.ok(logged.some(({ message }) => message === 'the child has not answered processRecords for 60 s'))
  await processor.leaseLost()
})
