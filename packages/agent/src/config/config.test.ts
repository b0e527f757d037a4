import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointsOf, regionOf } from '../sending/clients.ts'
import { readAgentConfig } from './agent-config.ts'
import { AgentConfigError } from './config-reader.ts'

const read = (value: unknown, cores = 2) =>
  readAgentConfig(typeof value === 'string' ? value : JSON.stringify(value), cores)

const flow = (more: Record<string, unknown> = {}) => ({ filePattern: '/tmp/app.log*', kinesisStream: 's', ...more })

/** The faults of a configuration, as lines. */
function faultsOf(value: unknown): readonly string[] {
  try {
    read(value)
    return []
  } catch (error) {
    assert.ok(error instanceof AgentConfigError)
    for (const line of error.lines) assert.doesNotMatch(line, /\n/)
    return error.lines
  }
}

const flowFaults = (more: Record<string, unknown>) => faultsOf({ flows: [flow(more)] })

test('the examples of the documentation are read, with comments, and with nothing to warn of', () => {
  const examples = [
    '{ "flows": [ { "filePattern": "/tmp/app.log*", "kinesisStream": "yourkinesisstream" } ] }',
    `{
      "cloudwatch.emitMetrics": true, // as in the documentation
      "kinesis.endpoint": "https://your/kinesis/endpoint", /* and "so" on */
      "firehose.endpoint": "https://your/firehose/endpoint",
      "flows": [
        { "filePattern": "/tmp/app1.log*", "kinesisStream": "yourkinesisstream" },
        { "filePattern": "/tmp/app2.log*", "deliveryStream": "yourfirehosedeliverystream" }
      ]
    }`,
    `{
      "flows": [
        { "filePattern": "/tmp/app.log*", "kinesisStream": "my-stream",
          "dataProcessingOptions": [
            { "optionName": "SINGLELINE" },
            { "optionName": "CSVTOJSON", "customFieldNames": [ "field1", "field2" ], "delimiter": "yourdelimiter" },
            { "optionName": "LOGTOJSON", "logFormat": "COMMONAPACHELOG" } ] } ]
    }`,
  ]
  for (const example of examples) assert.deepEqual(read(example).warnings, [])
})

test('what is not said has a default, which is that of AWS but for maxBufferAgeMillis', () => {
  const { config } = read({ flows: [flow(), { filePattern: '/a/b', deliveryStream: 'd' }] }, 4)
  assert.equal(config.sendsMax, 48)
  assert.equal(config.connectionsMax, 50)
  assert.equal(config.shutdownTimeoutMs, 10_000)
  assert.equal(config.checkpointTimeToLiveMs, 7 * 86_400_000)
  assert.deepEqual(config.cloudwatch, {
    emitMetrics: true,
    namespace: 'AWSKinesisAgent',
    tagInstance: false,
    periodMs: 30_000,
  })
  const [stream, delivery] = config.flows
  assert.equal(stream!.id, 'kinesis:s:/tmp/app.log*')
  assert.equal(stream!.initialPosition, 'END_OF_FILE')
  assert.deepEqual(stream!.batch, { ageMs: 1000, bytesMax: 5 * 1024 * 1024, recordsMax: 500 })
  assert.deepEqual(stream!.retry, { initialMs: 100, maxMs: 10_000 })
  assert.deepEqual(stream!.destination, { kind: 'stream', name: 's', partitionKey: 'RANDOM' })
  assert.equal(stream!.pollMs, 100)
  assert.equal(stream!.refreshMs, 10_000)
  assert.equal(delivery!.id, 'fh:d:/a/b')
  assert.equal(delivery!.batch.bytesMax, 4 * 1024 * 1024)
})

test('numbers and booleans may be given as text', () => {
  const { config } = read({ 'cloudwatch.emitMetrics': 'false', flows: [flow({ maxBufferAgeMillis: '5000' })] })
  assert.equal(config.cloudwatch.emitMetrics, false)
  assert.equal(config.flows[0]!.batch.ageMs, 5000)
})

test('keys that are not known, or have no effect, are told', () => {
  const { warnings } = read({
    flow: [],
    sendingThreadsMaxQueueSize: 100,
    'log.maxBackupIndex': 3,
    flows: [
      flow({
        filePatern: 'x',
        waitOnFullPublishQueueMillis: 2000,
        dataProcessingOptions: [{ optionName: 'SINGLELINE', x: 1 }],
      }),
    ],
  })
  assert.deepEqual(
    warnings.map((line) => line.replace(/:.*/, '')),
    [
      'flows[0].dataProcessingOptions[0].x is not a key that is known; it is ignored',
      'flows[0].waitOnFullPublishQueueMillis has no effect',
      'flows[0].filePatern is not a key that is known; it is ignored',
      'sendingThreadsMaxQueueSize has no effect',
      'log.maxBackupIndex has no effect',
      'flow is not a key that is known; it is ignored',
    ],
  )
})

test('each fault has a line of its own, and all are told at once', () => {
  assert.deepEqual(faultsOf({ shutdownTimeoutMillis: -1, flows: [flow({ maxBufferSizeRecords: 501 }), {}] }), [
    'shutdownTimeoutMillis must be 0 or more, not -1',
    'flows[0].maxBufferSizeRecords must be from 1 to 500, not 501',
    'flows[1].filePattern is missing',
    'flows[1] must have a kinesisStream or a deliveryStream',
  ])
})

test('wrong values are refused', () => {
  const cases: [more: Record<string, unknown>, line: RegExp][] = [
    [{ filePattern: '' }, /filePattern must not be empty/],
    [{ filePattern: 'app.log' }, /filePattern must have a directory/],
    [{ filePattern: '/tmp/' }, /must end with the name of a file/],
    [{ filePattern: '/tmp/[a' }, /has a \[ that is not closed/],
    [{ filePattern: '/tmp/{a/b}' }, /has a \/ within/],
    [{ deliveryStream: 'd' }, /kinesisStream or deliveryStream, not both/],
    [{ kinesisStream: 'a b' }, /kinesisStream must be 1 to 128 letters/],
    [{ initialPosition: 'MIDDLE' }, /initialPosition must be one of START_OF_FILE, END_OF_FILE, not "MIDDLE"/],
    [{ partitionKeyOption: 'KEY' }, /partitionKeyOption must be one of/],
    [{ maxBufferAgeMillis: 999 }, /maxBufferAgeMillis must be from 1000 to 900000, not 999/],
    [{ maxBufferAgeMillis: 'soon' }, /must be a whole number, not "soon"/],
    [{ maxBufferSizeBytes: 6_000_000 }, /from 1 to 5242880/],
    [{ maxBufferSizeRecords: 0 }, /from 1 to 500/],
    [{ skipHeaderLines: 1.5 }, /whole number/],
    [{ retryInitialBackoffMillis: 200, retryMaxBackoffMillis: 100 }, /must not be less/],
    [{ multiLineStartPattern: '(' }, /multiLineStartPattern is not a regular expression/],
    [{ fileFooterPattern: 'a++' }, /possessive/],
    [{ truncatedRecordTerminator: 'x'.repeat(2_000_000) }, /must be shorter than a record/],
    [{ dataProcessingOptions: {} }, /must be a list/],
    [{ dataProcessingOptions: ['SINGLELINE'] }, /dataProcessingOptions\[0\] must be an object/],
    [{ dataProcessingOptions: [{ optionName: 'NOPE' }] }, /optionName must be one of/],
    [{ dataProcessingOptions: [{}] }, /optionName is missing/],
    [{ dataProcessingOptions: [{ optionName: 'CSVTOJSON' }] }, /customFieldNames must name at least one/],
    [{ dataProcessingOptions: [{ optionName: 'LOGTOJSON' }] }, /logFormat is missing/],
    [
      { dataProcessingOptions: [{ optionName: 'LOGTOJSON', logFormat: 'SYSLOG', matchPattern: '(a)' }] },
      /customFieldNames must name the groups/,
    ],
    [
      {
        dataProcessingOptions: [
          { optionName: 'LOGTOJSON', logFormat: 'SYSLOG', matchPattern: '(a)', customFieldNames: [] },
        ],
      },
      /has 0 names for the 1 groups/,
    ],
    [{ dataProcessingOptions: [{ optionName: 'USINGPLUGGIN', className: 'a.B' }] }, /Java class/],
  ]
  for (const [more, line] of cases) assert.match(flowFaults(more).join('\n'), line, JSON.stringify(more))
  assert.match(faultsOf('{').join(), /is not JSON/)
  assert.match(faultsOf('[]').join(), /the configuration must be an object/)
  assert.match(faultsOf({}).join(), /flows is missing/)
  assert.match(faultsOf({ flows: [] }).join(), /at least one flow/)
  assert.match(faultsOf({ flows: [flow(), flow()] }).join(), /same as flows\[0\]/)
  assert.match(faultsOf({ 'kinesis.endpoint': 'ftp://x', flows: [flow()] }).join(), /http or https/)
  assert.match(faultsOf({ awsAccessKeyId: 'a', flows: [flow()] }).join(), /together/)
})

test('endpoints may be a host or an address; what is not AWS is taken for all services', () => {
  const endpoints = (given: Record<string, string>, env: Record<string, string> = {}) =>
    endpointsOf(read({ ...given, flows: [flow()] }).config, env)
  const none = { kinesis: undefined, firehose: undefined, cloudwatch: undefined, sts: undefined }
  assert.deepEqual(endpoints({}), none)
  assert.deepEqual(endpoints({ 'kinesis.endpoint': 'kinesis.eu-west-1.amazonaws.com' }), {
    ...none,
    kinesis: 'https://kinesis.eu-west-1.amazonaws.com',
  })
  const local = 'http://127.0.0.1:4567'
  const all = { kinesis: local, firehose: local, cloudwatch: local, sts: local }
  assert.deepEqual(endpoints({ 'kinesis.endpoint': local }), all)
  assert.deepEqual(endpoints({}, { AWS_ENDPOINT_URL: local }), all)
  assert.deepEqual(endpoints({ 'cloudwatch.endpoint': 'localhost:1' }, { AWS_ENDPOINT_URL_KINESIS: local }), {
    kinesis: local,
    firehose: 'https://localhost:1',
    cloudwatch: 'https://localhost:1',
    sts: 'https://localhost:1',
  })
})

test('the region is that of the configuration, of an endpoint of AWS, of the environment, or us-east-1', () => {
  const region = (given: Record<string, string>, env = {}) => regionOf(read({ ...given, flows: [flow()] }).config, env)
  const endpoint = { 'firehose.endpoint': 'firehose.eu-west-1.amazonaws.com' }
  assert.equal(region({ 'kinesis.region': 'eu-north-1', ...endpoint }), 'eu-north-1')
  assert.equal(region(endpoint, { AWS_REGION: 'us-west-2' }), 'eu-west-1')
  assert.equal(region({}, { AWS_REGION: 'us-west-2' }), 'us-west-2')
  assert.equal(region({}), 'us-east-1')
})
