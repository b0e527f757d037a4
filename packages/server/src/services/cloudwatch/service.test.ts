import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { at, cloudWatchFixture, startMs } from './fixture.ts'

const allFive = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']

test('values of one minute are one data point with all its statistics', async (t) => {
  const { put, statistics } = await cloudWatchFixture(t)
  await put({ MetricName: 'm', Value: 1 }, { MetricName: 'm', Value: 5, Unit: 'None' })
  await put({ MetricName: 'm', Values: [2, 4], Counts: [3, 1] })
  assert.deepEqual(await statistics({ Statistics: allFive }), [
    {
      Timestamp: new Date(at(0) * 1000),
      SampleCount: 6,
      Average: 16 / 6,
      Sum: 16,
      Minimum: 1,
      Maximum: 5,
      Unit: 'None',
      ExtendedStatistics: undefined,
    },
  ])
})

test('data is found by its time, its dimensions in any order, and its unit', async (t) => {
  const { put, statistics } = await cloudWatchFixture(t)
  const a = { Name: 'a', Value: '1' }
  const b = { Name: 'b', Value: '2' }
  await put(
    { MetricName: 'm', Dimensions: [a, b], Value: 1, Unit: 'Bytes' },
    { MetricName: 'm', Dimensions: [b, a], Value: 2, Unit: 'Count' },
    { MetricName: 'm', Dimensions: [a], Value: 4 },
    { MetricName: 'm', Value: 8, Timestamp: at(-120) },
    { MetricName: 'm', Value: 16, Timestamp: at(7000) },
  )
  const sums = async (more: object) => (await statistics(more)).map(({ Sum, Unit }) => [Sum, Unit])
  assert.deepEqual(await sums({ Dimensions: [a, b] }), [
    [1, 'Bytes'],
    [2, 'Count'],
  ])
  assert.deepEqual(await sums({ Dimensions: [b, a], Unit: 'Count' }), [[2, 'Count']])
  assert.deepEqual(await sums({ Dimensions: [a] }), [[4, 'None']])
  assert.deepEqual(await sums({ Dimensions: [b] }), [])
  assert.deepEqual(await sums({}), [[8, 'None']])
  assert.deepEqual(await sums({ EndTime: at(7200) }), [
    [8, 'None'],
    [16, 'None'],
  ])
  assert.deepEqual(await sums({ StartTime: at(-60), EndTime: at(7200) }), [[16, 'None']])
  assert.deepEqual(await sums({ EndTime: at(-120) }), [], 'the end is not part of it')
})

test('periods begin at the start, rounded down to its minute', async (t) => {
  const { put, statistics } = await cloudWatchFixture(t)
  for (const minute of [-10, -9, -8, -4, -1])
    await put({ MetricName: 'm', Value: 2 ** -minute, Timestamp: at(60 * minute) })
  const found = await statistics({ StartTime: at(-600 + 59), EndTime: at(0), Period: 300 })
  assert.deepEqual(
    found.map(({ Timestamp, Sum }) => [+Timestamp / 1000, Sum]),
    [
      [at(-600), 1024 + 512 + 256],
      [at(-300), 16 + 2],
    ],
  )
})

test('what is stored by the second is found by the second for three hours, and by the minute after', async (t) => {
  const { put, statistics, clock } = await cloudWatchFixture(t)
  for (const second of [0, 1, 1, 7])
    await put({ MetricName: 'm', Value: 1, StorageResolution: 1, Timestamp: at(second) })
  await put({ MetricName: 'm', Value: 10, Timestamp: at(7) })
  const sums = async (Period: number) => {
    const found = await statistics({ StartTime: at(0), EndTime: at(60), Period })
    return found.map(({ Timestamp, Sum }) => [+Timestamp / 1000 - at(0), Sum])
  }
  assert.deepEqual(await sums(1), [
    [0, 11],
    [1, 2],
    [7, 1],
  ])
  assert.deepEqual(await sums(5), [
    [0, 13],
    [5, 1],
  ])
  await clock.advance(4 * 3600 * 1000)
  assert.deepEqual(await sums(1), [])
  assert.deepEqual(await sums(60), [[0, 14]])
})

test('percentiles are there where the values are known and not negative', async (t) => {
  const { put, statistics } = await cloudWatchFixture(t)
  const percentiles = async (...ExtendedStatistics: string[]) => {
    const [point] = await statistics({ ExtendedStatistics, Statistics: undefined })
    return Object.fromEntries(point!.ExtendedStatistics as Map<string, number>)
  }
  await put({ MetricName: 'm', Values: Array.from({ length: 50 }, (_, i) => i + 1) })
  assert.deepEqual(await percentiles('p0', 'p50', 'p90', 'p99.9', 'p100', 'tm50', 'IQM'), {
    p0: 1,
    p50: 25,
    p90: 45,
    'p99.9': 50,
    p100: 50,
    tm50: 13,
    IQM: 25.5,
  })
  await put({ MetricName: 'm', StatisticValues: { SampleCount: 2, Sum: 8, Minimum: 4, Maximum: 4 } })
  assert.equal((await percentiles('p100')).p100, 50, 'a set of like values is known')
  await put({ MetricName: 'm', StatisticValues: { SampleCount: 2, Sum: 9, Minimum: 4, Maximum: 5 } })
  assert.deepEqual(await percentiles('p50'), {})
  assert.equal((await statistics({ Statistics: ['SampleCount'] }))[0]!.SampleCount, 54)
})

test('a put that is wrong anywhere counts nowhere', async (t) => {
  const { put, statistics, ask } = await cloudWatchFixture(t)
  const good = { MetricName: 'm', Value: 1 }
  await assert.rejects(put(good, { MetricName: 'm' }), { code: 'MissingRequiredParameterException' })
  await assert.rejects(put(good, { MetricName: 'm', Value: 1, Unit: 'Apples' }), {
    code: 'InvalidParameterValueException',
  })
  assert.deepEqual(await statistics(), [])
  await ask('PutMetricData', { Namespace: 'test', EntityMetricData: [{ MetricData: [good] }], MetricData: [good] })
  assert.equal((await statistics())[0]!.Sum, 2)
})

const wrong: [string, object, string, RegExp][] = [
  ['no value', {}, 'Missing', /^At least one of the parameters MetricData\.member\.1\.Value,/],
  ['no name', { MetricName: undefined, Value: 1 }, 'Missing', /MetricData\.member\.1\.MetricName is required/],
  [
    'two kinds',
    { Value: 0, Values: [1] },
    'InvalidParameterCombination',
    /Value and MetricData\.member\.1\.Values are mutually/,
  ],
  [
    'two others',
    { Value: 1, StatisticValues: {} },
    'InvalidParameterCombination',
    /Value and .*\.StatisticValues are mutually/,
  ],
  ['uneven counts', { Values: [1, 2], Counts: [1] }, 'InvalidParameterValue', /must be of the same size/],
  [
    'a negative count',
    { Values: [1], Counts: [-1] },
    'InvalidParameterValue',
    /The value -1 for parameter .*Counts\.member\.1/,
  ],
  [
    'NaN',
    { Value: 'NaN' },
    'InvalidParameterValue',
    /^The value NaN for parameter MetricData\.member\.1\.Value is invalid/,
  ],
  ['too large', { Values: [1, 2 ** 361] }, 'InvalidParameterValue', /Values\.member\.2 is invalid/],
  [
    'too many values',
    { Values: Array.from({ length: 151 }, (_, i) => i) },
    'InvalidParameterValue',
    /size greater than 150/,
  ],
  ['half a set', { StatisticValues: { Sum: 1 } }, 'Missing', /StatisticValues\.SampleCount is required/],
  [
    'a set upside down',
    { StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 2, Maximum: 1 } },
    'InvalidParameterValue',
    /Maximum must be greater/,
  ],
  [
    'old',
    { Value: 1, Timestamp: at(-15 * 86400) },
    'InvalidParameterValue',
    /must specify a time within the past two weeks\.$/,
  ],
  ['ahead', { Value: 1, Timestamp: at(7300) }, 'InvalidParameterValue', /no more than two hours in the future/],
  [
    'a unit',
    { Value: 1, Unit: 'count' },
    'InvalidParameterValue',
    /Unit must be a value in the set \[ Seconds, .*, None \]\.$/,
  ],
  ['a resolution', { Value: 1, StorageResolution: 30 }, 'InvalidParameterValue', /StorageResolution is invalid/],
  [
    'a dimension without value',
    { Value: 1, Dimensions: [{ Name: 'a' }] },
    'Missing',
    /Dimensions\.member\.1\.Value is required/,
  ],
  [
    'a dimension twice',
    {
      Value: 1,
      Dimensions: [
        { Name: 'a', Value: '1' },
        { Name: 'a', Value: '2' },
      ],
    },
    'InvalidParameterValue',
    /more than once/,
  ],
  [
    'a dimension of spaces',
    { Value: 1, Dimensions: [{ Name: 'a', Value: ' ' }] },
    'InvalidParameterValue',
    /is invalid/,
  ],
  [
    '31 dimensions',
    { Value: 1, Dimensions: Array.from({ length: 31 }, (_, i) => ({ Name: `${i}`, Value: 'x' })) },
    'Validation',
    /length less than or equal to 30/,
  ],
]
for (const [what, datum, code, sentence] of wrong)
  test(`a metric with ${what} is refused in AWS's words`, async (t) => {
    const { put } = await cloudWatchFixture(t)
    await assert.rejects(put({ MetricName: 'm', ...datum }), (error: Error & { code: string }) => {
      assert.match(error.message, sentence)
      assert.ok(error.code.startsWith(code), error.code)
      return true
    })
  })

test("namespaces of AWS are AWS's, and a put is of a thousand metrics at most", async (t) => {
  const { ask, put } = await cloudWatchFixture(t)
  const MetricData = [{ MetricName: 'm', Value: 1 }]
  await assert.rejects(
    ask('PutMetricData', { Namespace: 'AWS/Kinesis', MetricData }),
    /The value AWS\/ for parameter Namespace/,
  )
  await assert.rejects(ask('PutMetricData', { MetricData }), /The parameter Namespace is required/)
  await assert.rejects(ask('PutMetricData', { Namespace: 'a' }), /The parameter MetricData is required/)
  await put(...Array.from({ length: 1000 }, () => MetricData[0]!))
  await assert.rejects(put(...Array.from({ length: 1001 }, () => MetricData[0]!)), /size greater than 1000/)
})

const wrongStatistics: [object, string, RegExp][] = [
  [{ Statistics: undefined }, 'Missing', /At least one of Statistics and ExtendedStatistics/],
  [{ ExtendedStatistics: ['p1'] }, 'InvalidParameterCombination', /mutually exclusive/],
  [
    { Statistics: ['p99'] },
    'InvalidParameterValue',
    /Statistics\.member\.1 must be a value in the set \[ SampleCount, /,
  ],
  [{ Statistics: undefined, ExtendedStatistics: ['p101'] }, 'InvalidParameterValue', /The value p101/],
  [{ Period: 61 }, 'InvalidParameterValue', /Period must be 1, 5, 10, 20, 30, or a multiple of 60/],
  [
    { StartTime: at(10), EndTime: at(10) },
    'InvalidParameterValue',
    /StartTime must be less than the parameter EndTime/,
  ],
  [{ Unit: 'Apples' }, 'InvalidParameterValue', /Unit must be a value in the set/],
  [{ MetricName: undefined }, 'Missing', /The parameter MetricName is required/],
  [
    { StartTime: at(-86400), EndTime: at(60) },
    'InvalidParameterCombination',
    /^You have requested up to 1441 datapoints, which exceeds the limit of 1440\. You may reduce/,
  ],
]
for (const [more, code, sentence] of wrongStatistics)
  test(`GetMetricStatistics with ${JSON.stringify(more)} is refused`, async (t) => {
    const { statistics } = await cloudWatchFixture(t)
    await assert.rejects(statistics(more), (error: Error & { code: string }) => {
      assert.match(error.message, sentence)
      assert.ok(error.code.startsWith(code), error.code)
      return true
    })
  })

test('ListMetrics filters by namespace, name and dimensions, and pages', async (t) => {
  const { ask, put, clock } = await cloudWatchFixture(t)
  const data = Array.from({ length: 900 }, (_, i) => ({
    MetricName: `m${i % 2}`,
    Value: 1,
    Dimensions: [
      { Name: 'i', Value: `${i}` },
      { Name: 'third', Value: `${i % 3}` },
    ],
  }))
  await put(...data)
  await ask('PutMetricData', { Namespace: 'other', MetricData: [{ MetricName: 'm0', Value: 1 }] })
  const names = async (input: object) => {
    const found: string[] = []
    for (let NextToken: string | undefined, pages = 0; pages < 10; pages++) {
      const page = await ask('ListMetrics', { ...input, ...(NextToken && { NextToken }) })
      assert.ok(page.Metrics.length <= 500)
      found.push(...page.Metrics.map((each: object) => JSON.stringify(each)))
      NextToken = page.NextToken
      if (NextToken === undefined) break
    }
    assert.equal(new Set(found).size, found.length, 'none twice')
    return found
  }
  assert.equal((await names({})).length, 901)
  assert.deepEqual(await names({ Namespace: 'other' }), ['{"Namespace":"other","MetricName":"m0","Dimensions":[]}'])
  assert.equal((await names({ MetricName: 'm1' })).length, 450)
  assert.equal((await names({ Dimensions: [{ Name: 'third', Value: '1' }] })).length, 300)
  assert.equal((await names({ Dimensions: [{ Name: 'third' }, { Name: 'i', Value: '7' }] })).length, 1)
  assert.equal((await names({ Dimensions: [{ Name: 'constructor' }] })).length, 0)
  await assert.rejects(ask('ListMetrics', { NextToken: 'x' }), /Request parameter NextToken is invalid/)
  await clock.advance(3600 * 1000)
  await ask('PutMetricData', { Namespace: 'other', MetricData: [{ MetricName: 'm0', Value: 1 }] })
  await clock.advance(2.5 * 3600 * 1000)
  assert.equal((await names({ RecentlyActive: 'PT3H' })).length, 1)
  await clock.advance(15 * 86400 * 1000)
  assert.deepEqual(await names({}), [])
})

test('what the server counts is there under AWS/Kinesis, minute by minute', async (t) => {
  const { ask, source, clock } = await cloudWatchFixture(t)
  const dimensions = { StreamName: 's' }
  source.record('IncomingRecords', dimensions, 3, 'Count')
  source.record('IncomingRecords', dimensions, 5, 'Count')
  const sums = async (Statistics = ['Sum']) => {
    const { Datapoints } = await ask('GetMetricStatistics', {
      Namespace: 'AWS/Kinesis',
      MetricName: 'IncomingRecords',
      Dimensions: [{ Name: 'StreamName', Value: 's' }],
      StartTime: at(0),
      EndTime: at(600),
      Period: 60,
      Statistics,
    })
    return Datapoints.map(
      ({
        Timestamp,
        Unit,
        ExtendedStatistics: _,
        ...rest
      }: {
        Timestamp: Date
        Unit: string
        ExtendedStatistics: unknown
      }) => [+Timestamp / 1000 - at(0), Unit, ...Object.values(rest)],
    )
  }
  assert.deepEqual(await sums(allFive), [[0, 'Count', 2, 4, 8, 3, 5]])
  source.record('IncomingRecords', dimensions, 4, 'Count')
  await clock.advance(30_000) // the minute is over
  source.record('IncomingRecords', dimensions, 7, 'Count')
  assert.deepEqual(await sums(), [
    [0, 'Count', 12],
    [60, 'Count', 7],
  ])
  const { Metrics } = await ask('ListMetrics', { Namespace: 'AWS/Kinesis' })
  assert.deepEqual(Metrics, [
    { Namespace: 'AWS/Kinesis', MetricName: 'IncomingRecords', Dimensions: [{ Name: 'StreamName', Value: 's' }] },
  ])
})

test('a clock that stands at the start of a month has nothing to do when nothing came', async (t) => {
  const { clock, log } = await cloudWatchFixture(t, { clock: new ManualClock(startMs) })
  await clock.advance(30 * 86400 * 1000)
  await assert.rejects(log.bounds('cloudwatch/series'), /there is no log/)
})
