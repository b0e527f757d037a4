import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkOf, parseHiveColumns } from '@millrace/formats/columnar'
import { parquetReadObjects } from 'hyparquet'
import type { ConversionAnswer, ConversionQuestion } from './conversion-messages.ts'
import { ConversionPool } from './conversion-pool.ts'
import { ConversionThread } from './conversion-thread.ts'

const schemaOf = (columns: Readonly<Record<string, string>>) =>
  parseHiveColumns(Object.entries(columns).map(([name, type]) => ({ name, type })))

const open = (columns: Readonly<Record<string, string>>): ConversionQuestion => ({
  kind: 'open',
  schema: schemaOf(columns),
  serDe: { kind: 'OpenX' },
  output: { kind: 'Parquet', options: { compression: 'SNAPPY' } },
})

const chunk = (...records: string[]): ConversionQuestion => ({
  kind: 'chunk',
  chunk: chunkOf(
    records.map((record) => Buffer.from(record)),
    'between',
  ),
})

async function convert(thread: ConversionThread, columns: Readonly<Record<string, string>>, chunks: string[][]) {
  const asked = [open(columns), ...chunks.map((records) => chunk(...records)), { kind: 'finish' } as const]
  const answers = await Promise.all(asked.map((question) => thread.ask(question)))
  const last = answers.at(-1) as Extract<ConversionAnswer, { kind: 'finished' }>
  assert.equal(last.kind, 'finished', JSON.stringify(last))
  const parts = answers.flatMap((answer) => ('bytes' in answer && answer.bytes ? [answer.bytes] : []))
  const file = await new Blob(parts).arrayBuffer()
  return { answers, parts, rows: parts.length > 0 ? await parquetReadObjects({ file }) : undefined }
}

async function onThread(use: (thread: ConversionThread) => Promise<void>): Promise<void> {
  const thread = new ConversionThread()
  try {
    await use(thread)
  } finally {
    await thread.terminate()
  }
}

test('a thread makes one object after the other, and tells what has no row', () =>
  onThread(async (thread) => {
    const first = await convert(thread, { id: 'int' }, [['{"id":1}', 'x'], ['{"id":2}']])
    assert.deepEqual(first.rows, [{ id: 1 }, { id: 2 }])
    const read = first.answers[1]!
    assert.equal(read.kind === 'read' && read.faulty[0]!.index, 1)
    const second = await convert(thread, { name: 'string' }, [['{"name":"a"}']])
    assert.deepEqual(second.rows, [{ name: 'a' }])
    assert.equal((await convert(thread, { id: 'int' }, [['x']])).rows, undefined)
  }))

test('a file leaves its thread row group by row group', () =>
  onThread(async (thread) => {
    const text = 'x'.repeat(3 * 1024 * 1024)
    const record = (id: number) => [JSON.stringify({ id, text })]
    const { answers, parts, rows } = await convert(thread, { id: 'int', text: 'string' }, [1, 2, 3, 4].map(record))
    const kinds = answers.map((answer) => answer.kind + ('bytes' in answer && answer.bytes ? ' bytes' : ''))
    assert.deepEqual(kinds, ['opened', 'read', 'read', 'read bytes', 'read', 'finished bytes'])
    assert.equal(parts.length, 2)
    assert.deepEqual(
      rows!.map(({ id }) => id),
      [1, 2, 3, 4],
    )
  }))

test('what is dropped leaves nothing behind', () =>
  onThread(async (thread) => {
    await thread.ask(open({ id: 'int' }))
    await thread.ask(chunk('{"id":1}'))
    assert.equal((await thread.ask({ kind: 'drop' })).kind, 'dropped')
    assert.deepEqual((await convert(thread, { id: 'int' }, [['{"id":2}']])).rows, [{ id: 2 }])
  }))

test('a question that belongs to no object fails, and the thread goes on', () =>
  onThread(async (thread) => {
    assert.equal((await thread.ask(chunk('{}'))).kind, 'failed')
    assert.equal((await thread.ask({ kind: 'finish' })).kind, 'failed')
    assert.deepEqual((await convert(thread, { id: 'int' }, [['{"id":2}']])).rows, [{ id: 2 }])
  }))

test('hostile records do not end a thread: empty lists, many keys, huge texts, nesting', () =>
  onThread(async (thread) => {
    const columns = { lists: 'array<array<array<int>>>', text: 'string', keys: 'map<string,string>' }
    const lists = `{"lists":[${Array.from({ length: 60_000 }, () => '[]').join(',')}]}`
    const deep = `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const text = `{"text":"${'ä'.repeat(400_000)}"}`
    const keys = `{"keys":{${Array.from({ length: 10_000 }, (_, i) => `"key ${i}":""`).join(',')}}}`
    const { answers, rows } = await convert(
      thread,
      columns,
      Array.from({ length: 2 }, () => [lists, deep, text, keys]),
    )
    assert.equal(rows?.length, 6)
    const faulty = answers.flatMap((answer) => (answer.kind === 'read' ? answer.faulty : []))
    assert.equal(faulty.length, 2)
    assert.match(faulty[0]!.message, /nested too deep/)
  }))

test('who waits for a thread that ends is told so', async () => {
  const thread = new ConversionThread()
  const answer = thread.ask(open({ id: 'int' }))
  await thread.terminate()
  await assert.rejects(answer, /has ended/)
  assert.ok(thread.isEnded)
  await assert.rejects(thread.ask({ kind: 'finish' }), /has ended/)
})

test('a pool gives its threads one after the other, and ends them with its last user', async () => {
  const pool = new ConversionPool()
  const users = [{}, {}]
  const seen = new Set<ConversionThread>()
  let inUse = 0
  let inUseMax = 0
  const work = Array.from({ length: 8 }, (_, i) =>
    pool.use(users[i % 2]!, async (thread) => {
      seen.add(thread)
      inUseMax = Math.max(inUseMax, ++inUse)
      await convert(thread, { id: 'int' }, [[`{"id":${i}}`]])
      inUse--
    }),
  )
  await Promise.all(work)
  assert.ok(seen.size <= 2 && inUseMax <= 2, `${seen.size} threads, ${inUseMax} at once`)
  await pool.leave(users[0]!)
  for (const thread of seen) assert.ok(!thread.isEnded)
  await pool.leave(users[1]!)
  for (const thread of seen) assert.ok(thread.isEnded)
})

test('a pool makes another thread in place of one that ended', async () => {
  const pool = new ConversionPool()
  const user = {}
  const broken = pool.use(user, async (thread) => {
    const answer = thread.ask(open({ id: 'int' }))
    await thread.terminate()
    await answer
  })
  await assert.rejects(broken, /has ended/)
  await pool.use(user, async (thread) => {
    assert.deepEqual((await convert(thread, { id: 'int' }, [['{"id":1}']])).rows, [{ id: 1 }])
  })
  await pool.leave(user)
})
