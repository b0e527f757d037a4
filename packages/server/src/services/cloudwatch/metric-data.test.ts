import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, cloudWatchFixture } from './fixture.ts'

const stat = (Id: string, MetricName: string, more: object = {}) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'test', MetricName }, Period: 60, Stat: 'Sum', ...more },
})

/** Three minutes of `a` and `b`; `b` has nothing in the second. */
async function withData(t: Parameters<typeof cloudWatchFixture>[0]) {
  const fixture = await cloudWatchFixture(t)
  const put = (MetricName: string, minute: number, Value: number) =>
    fixture.put({ MetricName, Value, Timestamp: at(60 * minute) })
  for (const [minute, value] of [1, 2, 4].entries()) await put('a', minute, value)
  await put('b', 0, 10)
  await put('b', 2, 30)
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  const data = async (MetricDataQueries: object[], more: object = {}): Promise<any> =>
    fixture.ask('GetMetricData', { MetricDataQueries, StartTime: at(0), EndTime: at(600), ...more })
  const values = async (...queries: object[]) => {
    const { MetricDataResults } = await data(queries, { ScanBy: 'TimestampAscending' })
    return MetricDataResults.map(({ Id, Timestamps, Values }: { Id: string; Timestamps: Date[]; Values: number[] }) => [
      Id,
      Object.fromEntries(Timestamps.map((time, i) => [(+time / 1000 - at(0)) / 60, Values[i]])),
    ])
  }
  const computed = async (Expression: string) =>
    (
      await values(
        { ...stat('a', 'a'), ReturnData: false },
        { ...stat('b', 'b'), ReturnData: false },
        { Id: 'e', Expression },
      )
    )[0][1]
  return { ...fixture, data, values, computed }
}

test('several metrics come at once, the newest first, each with its label', async (t) => {
  const { data } = await withData(t)
  const { MetricDataResults, NextToken } = await data([
    stat('x', 'a'),
    { ...stat('y', 'b'), Label: 'bees' },
    stat('z', 'none'),
  ])
  assert.deepEqual(MetricDataResults, [
    {
      Id: 'x',
      Label: 'a',
      Timestamps: [120, 60, 0].map((s) => new Date(1000 * at(s))),
      Values: [4, 2, 1],
      StatusCode: 'Complete',
    },
    {
      Id: 'y',
      Label: 'bees',
      Timestamps: [120, 0].map((s) => new Date(1000 * at(s))),
      Values: [30, 10],
      StatusCode: 'Complete',
    },
    { Id: 'z', Label: 'none', Timestamps: [], Values: [], StatusCode: 'Complete' },
  ])
  assert.equal(NextToken, undefined)
})

test('periods, statistics and units are each query its own', async (t) => {
  const { values, put } = await withData(t)
  await put({ MetricName: 'a', Value: 100, Unit: 'Bytes', Timestamp: at(0) })
  assert.deepEqual(
    await values(
      stat('p', 'a', { Period: 300 }),
      stat('q', 'a', { Stat: 'Maximum', Unit: 'None' }),
      stat('r', 'a', { Stat: 'p50', Unit: 'Bytes' }),
    ),
    [
      ['p', { 0: 107 }],
      ['q', { 0: 1, 1: 2, 2: 4 }],
      ['r', { 0: 100 }],
    ],
  )
})

test('pages of MaxDatapoints give each data point once', async (t) => {
  const { data } = await withData(t)
  const queries = [stat('x', 'a'), stat('y', 'b')]
  const seen: Record<string, number[]> = {}
  const codes: string[][] = []
  let NextToken: string | undefined
  do {
    const page = await data(queries, { MaxDatapoints: 2, ...(NextToken && { NextToken }) })
    for (const { Id, Values } of page.MetricDataResults) seen[Id] = [...(seen[Id] ?? []), ...Values]
    codes.push(
      page.MetricDataResults.map(({ Id, StatusCode }: { Id: string; StatusCode: string }) => `${Id} ${StatusCode}`),
    )
    NextToken = page.NextToken
  } while (NextToken)
  assert.deepEqual(seen, { x: [4, 2, 1], y: [30, 10] })
  assert.deepEqual(codes, [['x PartialData', 'y PartialData'], ['x Complete', 'y PartialData'], ['y Complete']])
  await assert.rejects(data(queries, { NextToken: 'bm9uc2Vuc2U' }), { code: 'InvalidNextToken' })
  const first = await data(queries, { MaxDatapoints: 2 })
  await assert.rejects(data([queries[0]!], { MaxDatapoints: 2, NextToken: first.NextToken }), {
    code: 'InvalidNextToken',
  })
})

const expressions: [string, Record<number, number> | RegExp][] = [
  ['a + b', { 0: 11, 2: 34 }],
  ['a * 2 - 1', { 0: 1, 1: 3, 2: 7 }],
  ['-a', { 0: -1, 1: -2, 2: -4 }],
  ['2 ^ a / 2', { 0: 1, 1: 2, 2: 8 }],
  ['100 * (b / SUM(b))', { 0: 25, 2: 75 }],
  ['a / 0', {}],
  ['MAX([a, b])', { 0: 10, 1: 2, 2: 30 }],
  ['SUM(METRICS())', { 0: 11, 1: 2, 2: 34 }],
  ['AVG(METRICS("b"))', { 0: 10, 2: 30 }],
  ['FILL(b, 0)', { 0: 10, 1: 0, 2: 30 }],
  ['FILL(b, LINEAR)', { 0: 10, 1: 20, 2: 30 }],
  ['FILL(b, REPEAT) - MIN(a)', { 0: 9, 1: 9, 2: 29 }],
  ['DIFF(a)', { 1: 1, 2: 2 }],
  ['RATE(a) * 60', { 1: 1, 2: 2 }],
  ['a / PERIOD(a)', { 0: 1 / 60, 1: 2 / 60, 2: 4 / 60 }],
  ['RUNNING_SUM(a)', { 0: 1, 1: 3, 2: 7 }],
  ['ABS(-1.5e0 * CEIL(a))', { 0: 1.5, 1: 3, 2: 6 }],
  ['SUM(a)', /needs a time series as the result/],
  ['a +', /misses something at its end/],
  ['a b', /does not understand "b"/],
  ['(a', /misses a closing bracket/],
  ['a + $', /does not understand "\$"/],
  ['ANOMALY_DETECTION_BAND(a)', /does not know the function ANOMALY_DETECTION_BAND/],
  ['nope', /finds no query with the id nope/],
  ['e', /finds a circle: e, e/],
  ['"text" + a', /computes no text/],
  ['[a, b] + [a, b]', /computes no two lists/],
  ['FILL(b, NEVER)', /fills by REPEAT, LINEAR or a number/],
  ['SELECT AVG(x) FROM y', /does not do Metrics Insights/],
  ["SEARCH('x', 'Sum')", /does not do Metrics Insights queries and SEARCH/],
  [`${'('.repeat(100)}a${')'.repeat(100)}`, /so many brackets/],
]
for (const [expression, expected] of expressions)
  test(`metric math: ${expression.slice(0, 60)}`, async (t) => {
    const { computed } = await withData(t)
    if (expected instanceof RegExp)
      await assert.rejects(computed(expression), (error: Error & { code: string }) => {
        assert.match(error.message, expected)
        assert.match(error.message, /^Error in expression of MetricDataQueries\.member\.3: Millrace /)
        return error.code === 'ValidationError'
      })
    else assert.deepEqual(await computed(expression), expected)
  })

test('expressions of expressions are computed once each', async (t) => {
  const { values } = await withData(t)
  const doubled = Array.from({ length: 60 }, (_, i) => ({
    Id: `e${i}`,
    Expression: i === 0 ? 'a + a' : `e${i - 1} + e${i - 1}`,
    ReturnData: i === 59,
  }))
  const [[, found]] = await values(...doubled.reverse(), { ...stat('a', 'a'), ReturnData: false })
  assert.equal(found[0], 2 ** 60)
})

test('an expression over a list gives a result for each', async (t) => {
  const { values } = await withData(t)
  assert.deepEqual(
    await values({ ...stat('a', 'a'), ReturnData: false }, stat('b', 'b'), { Id: 'e', Expression: 'METRICS() * 2' }),
    [
      ['b', { 0: 10, 2: 30 }],
      ['e', { 0: 2, 1: 4, 2: 8 }],
      ['e', { 0: 20, 2: 60 }],
    ],
  )
})

const wrong: [string, object[], object, RegExp][] = [
  ['an id that begins with a capital', [stat('A', 'a')], {}, /not matching the expected pattern \^\[a-z\]/],
  [
    'an id twice',
    [stat('a', 'a'), stat('a', 'b')],
    {},
    /^The values for parameter id in MetricDataQueries are not unique\.$/,
  ],
  [
    'no statistic of that name',
    [stat('a', 'a', { Stat: 'p101' })],
    {},
    /^The value p101 for parameter MetricDataQueries\.member\.1\.MetricStat\.Stat is not a valid/,
  ],
  [
    'a metric and an expression',
    [{ ...stat('a', 'a'), Expression: 'a' }],
    {},
    /Expression and MetricDataQueries\.member\.1\.MetricStat are mutually/,
  ],
  [
    'two periods',
    [{ ...stat('a', 'a'), Period: 60 }],
    {},
    /member\.1\.Period and MetricDataQueries\.member\.1\.MetricStat are mutually/,
  ],
  ['neither', [{ Id: 'a' }], {}, /At least one of the parameters/],
  ['a period of 61', [stat('a', 'a', { Period: 61 })], {}, /MetricStat\.Period must be 1, 5/],
  ['an end at its start', [stat('a', 'a')], { EndTime: at(0) }, /StartTime must not equal parameter EndTime/],
  ['an end before its start', [stat('a', 'a')], { EndTime: at(-1) }, /EndTime must be greater than StartTime/],
  ['nothing to return', [{ ...stat('a', 'a'), ReturnData: false }], {}, /ReturnData set to true/],
  ['501 queries', Array.from({ length: 501 }, (_, i) => stat(`a${i}`, 'a')), {}, /size greater than 500/],
]
for (const [what, queries, more, sentence] of wrong)
  test(`GetMetricData with ${what} is a ValidationError`, async (t) => {
    const { data } = await withData(t)
    await assert.rejects(data(queries, more), (error: Error & { code: string }) => {
      assert.match(error.message, sentence)
      return error.code === 'ValidationError'
    })
  })
