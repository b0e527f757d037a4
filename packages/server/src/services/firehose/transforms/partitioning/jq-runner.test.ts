import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JqRunner, type JqRunnerOptions } from './jq-runner.ts'

const never = new AbortController().signal

/** The results of a query on texts: keys, or why there are none. */
async function results(
  t: { after: (fn: () => Promise<void>) => void },
  query: string,
  texts: readonly string[],
  options: JqRunnerOptions = {},
) {
  const jq = new JqRunner(query, options)
  t.after(() => jq.close())
  const found = await jq.run(
    texts.map((text) => Buffer.from(text)),
    never,
  )
  return found.map((result) => ('keys' in result ? result.keys : result.fault))
}

const awsExample =
  '{customer_id: .customer_id, device: .type.device, year: .event_timestamp| strftime("%Y"), ' +
  'month: .event_timestamp| strftime("%m"), day: .event_timestamp| strftime("%d"), hour: .event_timestamp| strftime("%H")}'

test("AWS's own example is extracted as its guide says", async (t) => {
  const record = {
    type: { device: 'mobile', event: 'user_clicked_submit_button' },
    customer_id: '1234567890',
    event_timestamp: 1565382027,
    region: 'sample_region',
  }
  assert.deepEqual(await results(t, awsExample, [JSON.stringify(record)]), [
    { customer_id: '1234567890', device: 'mobile', year: '2019', month: '08', day: '09', hour: '20' },
  ])
})

test('what queries are written with works', async (t) => {
  const cases: [query: string, text: string, keys: object][] = [
    ['{a: .n, b: .f, c: .t}', '{"n":7,"f":1.5,"t":true}', { a: 7, b: 1.5, c: true }],
    ['{a}', ' {"a":"x"}\n', { a: 'x' }],
    ['{a: (.x // "none")} # so much for that', '{}', { a: 'none' }],
    ['{y: .at[0:4], m: .at[5:7]}', '{"at":"2026-05-06T07:08:09Z"}', { y: '2026', m: '05' }],
    ['{y: (.at|fromdateiso8601|strftime("%Y"))}', '{"at":"2026-05-06T07:08:09Z"}', { y: '2026' }],
    ['{d: (.ms/1000|todate)}', '{"ms":1565382027000}', { d: '2019-08-09T20:20:27Z' }],
    ['.detail | {id: .accountId}', '{"detail":{"accountId":"1"}}', { id: '1' }],
    ['{k: (if .a == "" then "empty" else .a end)}', '{"a":""}', { k: 'empty' }],
    ['{k: (.a|ascii_downcase|gsub("[^a-z]";"_"))}', '{"a":"A-B"}', { k: 'a_b' }],
    ['{k: (.list|map(.v)|add|tostring)}', '{"list":[{"v":1},{"v":2}]}', { k: '3' }],
    ['{k: (.a|test("^x"))}', '{"a":"xy"}', { k: true }],
  ]
  // One thread for all of them: each query on its own part of the record.
  const all = cases.map(([query], i) => `(.[${i}] | ${query}\n)`).join(', ')
  const [found] = await results(t, `{all: ([${all}] | tojson)}`, [`[${cases.map(([, text]) => text).join()}]`])
  assert.deepEqual(
    JSON.parse((found as { all: string }).all),
    cases.map(([, , made]) => made),
  )
})

test('a record that fails does so alone', async (t) => {
  const texts = [
    '{"a":"good"}',
    'not JSON',
    '',
    '{"a":1}{"a":2}',
    '{"a":null}',
    '{}',
    '{"a":""}',
    '{"a":[1]}',
    '{"a":{"b":1}}',
    '[1]',
    '5',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    '{"a":"also good"}',
  ]
  const missing = 'partitionKeys values must not be null or empty'
  const noText = 'The partition key a must be a text, a number or a boolean'
  assert.deepEqual(await results(t, '{a: .a}', texts), [
    { a: 'good' },
    ...Array(3).fill('Non JSON record provided'),
    missing,
    missing,
    missing,
    noText,
    noText,
    'Cannot index array with string ("a")',
    'Cannot index number with string ("a")',
    'Exceeds depth limit for parsing at line 1, column 10001',
    { a: 'also good' },
  ])
})

test('a query that makes no object, none, or several things of a record fails on it', async (t) => {
  const only = 'The query must make exactly one object of a record'
  const queries: [query: string, fault: string][] = [
    ...['.a', '[.a]', 'empty', '({a: .a}, {a: 2})', '{a: (1, 2)}', 'null'].map((query): [string, string] => [
      query,
      only,
    ]),
    ['error("mine")', 'mine'],
    ['error({code: 1})', '{"code":1}'],
    ['error(null)', 'null'],
  ]
  const query = `${queries.map(([made], i) => `if .i == ${i} then ${made} else`).join(' ')} {a} ${'end '.repeat(queries.length)}`
  assert.deepEqual(
    await results(
      t,
      query,
      queries.map((_, i) => `{"i":${i},"a":"x"}`),
    ),
    queries.map(([, fault]) => fault),
  )
  assert.deepEqual(await results(t, 'if .a == 1 then halt else {a} end', ['{"a":"x"}', '{"a":1}', '{"a":"y"}']), [
    { a: 'x' },
    'The query ended',
    { a: 'y' },
  ])
})

test('a query that is none is told as such', async (t) => {
  const queries: [string, RegExp][] = [
    ['{a: .a', /^syntax error/],
    ['.) | (.', /^syntax error/],
    ['{a: nothing_of_this_name}', /^nothing_of_this_name\/0 is not defined$/],
    ['{a: ("x" * 900000000)}', /^jq cannot run it$/], // jq computes what is constant before it runs
  ]
  for (const [query, fault] of queries) {
    const jq = new JqRunner(query)
    t.after(() => jq.close())
    assert.match((await jq.queryFault()) ?? '', fault)
    const [result] = await jq.run([Buffer.from('{}')], never)
    assert.match((result as { fault: string }).fault, fault)
  }
  const jq = new JqRunner(awsExample)
  t.after(() => jq.close())
  assert.equal(await jq.queryFault(), undefined)
})

test('a record on which the query never ends fails alone, and the others go on', async (t) => {
  const query = 'if .loop then (def f: f; f) else {a} end'
  const texts = Array.from({ length: 20 }, (_, i) => (i === 7 ? '{"loop":true}' : `{"a":${i}}`))
  const found = await results(t, query, texts, { sliceMsMax: 700, recordMsMax: 400 })
  assert.equal(found[7], 'The query took longer than 400 ms')
  assert.deepEqual(
    found.filter((_, i) => i !== 7),
    texts.flatMap((_, i) => (i === 7 ? [] : [{ a: `${i}` }])),
  )
})

test('a record on which the query takes all memory fails alone, and the others go on', async (t) => {
  const query = '{a: (if .big then (.big * 200000000)|length else .a end)}'
  const texts = ['{"a":1}', '{"big":"x"}', '{"a":3}']
  const found = await results(t, query, texts, { memoryBytesMax: 48 * 1024 * 1024 })
  assert.deepEqual(found, [{ a: '1' }, 'The query needed too much memory', { a: '3' }])
})

test('a query that breaks jq itself costs its record only', async (t) => {
  const texts = ['{"a":1}', '{"deep":true}', '{"a":3}']
  const found = await results(t, '{a: (if .deep then (def f: 1 + f; f) else .a end)}', texts)
  assert.deepEqual([found[0], typeof found[1], found[2]], [{ a: '1' }, 'string', { a: '3' }])
})

test('an abort does not wait for the query', async (t) => {
  const jq = new JqRunner('def f: f; f')
  t.after(() => jq.close())
  const stopping = new AbortController()
  assert.equal(await jq.queryFault(), undefined)
  const ran = jq.run([Buffer.from('{}')], stopping.signal)
  setImmediate(() => stopping.abort())
  await assert.rejects(ran, { name: 'AbortError' })
})

test('records by the thousand cost little each', async (t) => {
  const jq = new JqRunner(awsExample)
  t.after(() => jq.close())
  await jq.queryFault()
  const records = Array.from({ length: 10_000 }, (_, i) =>
    Buffer.from(
      JSON.stringify({
        type: { device: 'mobile' },
        customer_id: `c${i}`,
        event_timestamp: 1565382027 + i,
        pad: 'x'.repeat(200),
      }),
    ),
  )
  const started = process.cpuUsage()
  const found = await jq.run(records, never)
  const { user, system } = process.cpuUsage(started)
  assert.equal(found.filter((result) => 'keys' in result).length, 10_000)
  t.diagnostic(`${((user + system) / 10_000).toFixed(0)} µs of CPU time for each record`)
})
