import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, configurationOf } from './configuration.ts'
import { readProperties } from './properties.ts'

const needed = 'executableName = python app.py\nstreamName = words\napplicationName = app\n'
const configured = (text: string) => configurationOf(readProperties(needed + text))

test("KCL's sample properties make a configuration", () => {
  assert.deepEqual(
    configured(`
      AwsCredentialsProvider = DefaultCredentialsProvider
      processingLanguage = python/3.8
      initialPositionInStream = TRIM_HORIZON
      regionName = us-east-5
      failoverTimeMillis = 10000
      maxActiveThreads = 0
      idleTimeBetweenReadsInMillis = 1000
      kinesisEndpoint = http://127.0.0.1:4567
      dynamoDBEndpoint = http://127.0.0.1:4567
      timeoutInSeconds = 30
    `),
    {
      command: ['python', 'app.py'],
      streamName: 'words',
      applicationName: 'app',
      initialPosition: 'TRIM_HORIZON',
      retrieval: { mode: 'polling' },
      region: 'us-east-5',
      endpoints: { kinesis: 'http://127.0.0.1:4567', dynamoDb: 'http://127.0.0.1:4567' },
      failoverTimeMs: 10_000,
      idleTimeBetweenReadsMs: 1000,
      timeoutMs: 30_000,
      metricsLevel: 'DETAILED',
      shutdownGraceMs: 5000,
      protocol: 2,
      warnings: [],
    },
  )
})

test('without a word on retrieval it is fan-out, and one key of polling makes it polling', () => {
  assert.deepEqual(configured('').retrieval, { mode: 'fan-out' })
  assert.deepEqual(configured('maxRecords = 10').retrieval, { mode: 'polling' })
  assert.deepEqual(configured('maxRecords = 10\nretrievalMode = fanout').retrieval, { mode: 'fan-out' })
  assert.deepEqual(configured('retrievalMode = POLLING').retrieval, { mode: 'polling' })
  assert.deepEqual(configured('fanoutConfig.consumerName = reader').retrieval, {
    mode: 'fan-out',
    consumerName: 'reader',
  })
})

test('a start is LATEST unless said otherwise, and may be a time in seconds', () => {
  assert.equal(configured('').initialPosition, 'LATEST')
  assert.deepEqual(configured('initialPositionInStreamExtended = 1636609142').initialPosition, new Date(1636609142000))
})

test('the ARN of a stream takes precedence over its name', () => {
  const arn = 'arn:aws:kinesis:us-east-5:000000000000:stream/other'
  const { streamName, streamArn } = configured(`streamArn = ${arn}`)
  assert.deepEqual({ streamName, streamArn }, { streamName: 'other', streamArn: arn })
})

test('a key that nobody knows is warned of, one that has no effect here is not', () => {
  const others = 'metricsMaxQueueSize = 10\nworkerMetricsTableName = x\nworkerId =\nfailOver = 3\n'
  assert.deepEqual(configured(`${others}callProcessRecordsEvenForEmptyRecordList = true`).warnings, [
    'the property failOver is not known, and has no effect',
    'callProcessRecordsEvenForEmptyRecordList is always false here',
  ])
})

test('keys of credentials are taken, and another provider is warned of', () => {
  assert.deepEqual(configured('AwsCredentialsProvider = StaticCredentialsProvider|key|secret').credentials, {
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  })
  assert.match(configured('AWSCredentialsProvider = my.own.Provider').warnings.join(), /Provider is not known/)
})

test('what is missing or makes no sense is said with its key', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(
      () => configurationOf(readProperties(text)),
      (error: Error) => error instanceof ConfigurationError && message.test(error.message),
      text,
    )
  refused('streamName = s\napplicationName = a', /^executableName is required/)
  refused('executableName = x\nstreamName = s', /^applicationName is required/)
  refused('executableName = x\napplicationName = a', /^streamName or streamArn is required/)
  refused(`${needed}failoverTimeMillis = soon`, /^failoverTimeMillis must be a whole number, not "soon"/)
  refused(`${needed}maxRecords = 0`, /^maxRecords must be a whole number above 0/)
  refused(`${needed}initialPositionInStream = START`, /must be LATEST or TRIM_HORIZON/)
  refused(`${needed}retrievalMode = PUSH`, /must be FANOUT or POLLING or DEFAULT/)
  refused(`${needed}kinesisEndpoint = localhost`, /must be a URL/)
  refused(`${needed}streamArn = words`, /must be the ARN of a stream/)
  refused(`${needed}cleanupLeasesUponShardCompletion = 1`, /must be TRUE or FALSE/)
})
