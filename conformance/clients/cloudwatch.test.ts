import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import { sdk } from '../harness/cases.ts'
import { testKey } from '../harness/keys.ts'
import { Kinesis, uniqueName } from '../harness/kinesis.ts'
import { notOnAws } from '../harness/target.ts'
import { missing, run } from './installed.ts'

const kinesis = new Kinesis()

/* CloudWatch by the clients of AWS, over each protocol that one of them speaks. */

const protocols = {
  'JSON 1.0, as the SDK for JavaScript does': AwsJson1_0Protocol,
  'Query, as KPL and older SDKs do': AwsQueryProtocol,
  'RPC v2 CBOR, as the SDKs for Java and Python do': AwsSmithyRpcV2CborProtocol,
}

for (const [name, protocol] of Object.entries(protocols))
  sdk(
    `metrics are put, listed and read over ${name}`,
    async () => {
      const client = new cloudwatch.CloudWatchClient({
        endpoint: kinesis.target.url,
        region: 'us-east-1',
        credentials: testKey,
        maxAttempts: 1,
        protocol: protocol as never,
        // Over CBOR this SDK announces the length that a body had before it was compressed; boto3 does it right, below.
        disableRequestCompression: protocol === AwsSmithyRpcV2CborProtocol,
      })
      try {
        await walk(client)
      } finally {
        client.destroy()
      }
    },
    notOnAws,
  )

async function walk(client: cloudwatch.CloudWatchClient) {
  const Namespace = `conformance/${randomUUID()}`
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000)
  const Dimensions = [
    { Name: 'Operation', Value: 'ProcessTask & <more>' },
    { Name: 'ShardId', Value: 'shardId-000000000000' },
  ]
  const datum = { MetricName: 'Time', Dimensions, Timestamp: minute, Unit: 'Milliseconds' as const }
  await client.send(
    new cloudwatch.PutMetricDataCommand({
      Namespace,
      MetricData: [
        { ...datum, Value: 1.5 },
        { ...datum, Values: [2.5, 4], Counts: [2, 1] },
        { ...datum, MetricName: 'Set', StatisticValues: { SampleCount: 2, Sum: 5, Minimum: 1, Maximum: 4 } },
        { ...datum, MetricName: 'Fine', Value: 7, StorageResolution: 1, Timestamp: new Date(+minute + 5000) },
      ],
    }),
  )
  // Above 10 KiB the SDKs compress the body.
  const many = Array.from({ length: 500 }, (_, i) => ({ MetricName: `m${i}`, Value: i, Timestamp: minute }))
  await client.send(new cloudwatch.PutMetricDataCommand({ Namespace, MetricData: many }))

  const range = { StartTime: minute, EndTime: new Date(+minute + 60_000), Period: 60 }
  const { Label, Datapoints } = await client.send(
    new cloudwatch.GetMetricStatisticsCommand({
      ...range,
      Namespace,
      MetricName: 'Time',
      Dimensions,
      Statistics: ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'],
    }),
  )
  assert.equal(Label, 'Time')
  assert.deepEqual(
    { ...Datapoints![0] },
    { Timestamp: minute, SampleCount: 4, Average: 2.625, Sum: 10.5, Minimum: 1.5, Maximum: 4, Unit: 'Milliseconds' },
  )
  const percentiles = await client.send(
    new cloudwatch.GetMetricStatisticsCommand({
      ...range,
      Namespace,
      MetricName: 'Time',
      Dimensions,
      ExtendedStatistics: ['p50', 'p100'],
    }),
  )
  assert.deepEqual({ ...percentiles.Datapoints![0]!.ExtendedStatistics }, { p50: 2.5, p100: 4 })

  const listed: string[] = []
  for await (const page of cloudwatch.paginateListMetrics({ client }, { Namespace }))
    listed.push(...page.Metrics!.map(({ MetricName }) => MetricName!))
  assert.equal(new Set(listed).size, 503)
  const filtered = await client.send(
    new cloudwatch.ListMetricsCommand({ Namespace, Dimensions: [{ Name: 'Operation' }], MetricName: 'Set' }),
  )
  assert.deepEqual(
    filtered.Metrics?.map((metric) => metric.Dimensions?.map((each) => ({ ...each }))),
    [Dimensions],
  )

  const stat = (Id: string, MetricName: string, Period: number, Stat: string) => ({
    Id,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period, Stat },
  })
  const data = await client.send(
    new cloudwatch.GetMetricDataCommand({
      StartTime: range.StartTime,
      EndTime: range.EndTime,
      MetricDataQueries: [
        stat('time', 'Time', 60, 'tm100'),
        stat('fine', 'Fine', 1, 'Maximum'),
        { Id: 'double', Expression: 'time * 2', Label: 'twice' },
      ],
    }),
  )
  assert.deepEqual(
    data.MetricDataResults?.map(({ Id, Label: label, Timestamps, Values, StatusCode }) => [
      Id,
      label,
      Timestamps?.map((time) => +time - +minute),
      Values,
      StatusCode,
    ]),
    [
      ['time', 'Time', [0], [2.625], 'Complete'],
      ['fine', 'Fine', [5000], [7], 'Complete'],
      ['double', 'twice', [0], [5.25], 'Complete'],
    ],
  )
  await errors(client, Namespace)
}

async function errors(client: cloudwatch.CloudWatchClient, Namespace: string) {
  const put = (datum: cloudwatch.MetricDatum) =>
    client.send(new cloudwatch.PutMetricDataCommand({ Namespace, MetricData: [datum] }))
  await assert.rejects(put({ MetricName: 'm', Value: 1, Values: [1] }), (error: Error) => {
    assert.ok(error instanceof cloudwatch.InvalidParameterCombinationException, error.name)
    assert.match(error.message, /Value and MetricData\.member\.1\.Values are mutually exclusive/)
    return true
  })
  await assert.rejects(put({ MetricName: 'm', Value: Number.NaN }), (error: Error) => {
    assert.ok(error instanceof cloudwatch.InvalidParameterValueException, error.name)
    assert.match(error.message, /^The value NaN for parameter MetricData\.member\.1\.Value is invalid\.$/)
    return true
  })
  await assert.rejects(put({ MetricName: 'm' }), cloudwatch.MissingRequiredParameterException)
  await assert.rejects(put({ MetricName: '', Value: 1 }), /at 'metricData\.1\.member\.metricName' failed to satisfy/)
}

sdk(
  "Millrace's own metrics of a stream are there under AWS/Kinesis",
  async () => {
    const name = uniqueName()
    const client = new cloudwatch.CloudWatchClient({
      endpoint: kinesis.target.url,
      region: 'us-east-1',
      credentials: testKey,
    })
    await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1 })
    await kinesis.active(name)
    for (const Data of ['AAAA', 'AAAAAAAA'])
      await kinesis.call('PutRecord', { StreamName: name, PartitionKey: 'k', Data })
    const Dimensions = [{ Name: 'StreamName', Value: name }]
    const { Datapoints } = await client.send(
      new cloudwatch.GetMetricStatisticsCommand({
        Namespace: 'AWS/Kinesis',
        MetricName: 'IncomingBytes',
        Dimensions,
        StartTime: new Date(Date.now() - 300_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 3600,
        Statistics: ['Sum', 'SampleCount', 'Maximum'],
      }),
    )
    const [point] = Datapoints!
    assert.deepEqual([point!.Sum, point!.SampleCount, point!.Maximum, point!.Unit], [11, 2, 7, 'Bytes'])
    const { Metrics } = await client.send(new cloudwatch.ListMetricsCommand({ Namespace: 'AWS/Kinesis', Dimensions }))
    const names = Metrics!.map(({ MetricName }) => MetricName)
    for (const expected of ['IncomingRecords', 'PutRecord.Success', 'PutRecord.Latency'])
      assert.ok(names.includes(expected))
    client.destroy()
  },
  notOnAws,
)

sdk(
  'boto3 puts metrics, compressed when they are many, and reads them back',
  async () => {
    const script = join(import.meta.dirname, 'cloudwatch_scenario.py')
    const seen = JSON.parse(await run('python3', [script], kinesis.target.url))
    assert.deepEqual(seen, {
      sum: 6.5,
      unit: 'Count',
      p90: 4.0,
      listed: 301,
      values: [6.5],
      label: 'm',
      invalid:
        'InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.',
    })
  },
  notOnAws ?? missing('python3 with boto3', 'python3', ['-c', 'import boto3']),
)

sdk(
  'the AWS CLI puts a metric and gets its statistics',
  async () => {
    const namespace = uniqueName()
    const aws = (...args: string[]) => run('aws', ['cloudwatch', ...args, '--output', 'json'], kinesis.target.url)
    await aws(
      'put-metric-data',
      '--namespace',
      namespace,
      '--metric-name',
      'm',
      '--value',
      '2.5',
      '--dimensions',
      'a=b',
    )
    const hour = 3600_000
    const statistics = await aws(
      ...['get-metric-statistics', '--namespace', namespace, '--metric-name', 'm', '--dimensions', 'Name=a,Value=b'],
      ...[
        '--start-time',
        new Date(Date.now() - hour).toISOString(),
        '--end-time',
        new Date(Date.now() + hour).toISOString(),
      ],
      ...['--period', '7200', '--statistics', 'Sum', 'Average'],
    )
    const { Datapoints } = JSON.parse(statistics)
    assert.deepEqual([Datapoints[0].Sum, Datapoints[0].Average, Datapoints[0].Unit], [2.5, 2.5, 'None'])
  },
  notOnAws ?? missing('AWS CLI', 'aws', ['--version']),
)
