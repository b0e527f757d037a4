import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { foregroundClock, ManualClock, silentLogger } from '@millrace/ports'
import { readAgentConfig } from './config/agent-config.ts'
import { InstanceMetadata } from './processing/ec2-metadata.ts'
import { runAgent } from './run-agent.ts'
import { assumeRole } from './sending/assume-role.ts'
import { linesOf, numbered } from './testing/agent-fixture.ts'
import { firehoseAnswer, ServiceStandIn } from './testing/service-stand-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-agent-services-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const until = async (isDone: () => boolean) => {
  while (!isDone()) await foregroundClock.sleep(10)
}

/** Runs an agent on a file, with the real clients of AWS, until the condition holds. */
async function run(name: string, text: string, config: Record<string, unknown>, isDone: () => boolean) {
  const log = join(folder, `${name}.log`)
  writeFileSync(log, text)
  const flows = (config.flows as object[]).map((flow) => ({
    filePattern: log,
    initialPosition: 'START_OF_FILE',
    ...flow,
  }))
  const { config: read } = readAgentConfig(JSON.stringify({ ...config, flows }), 2)
  const agent = await runAgent({ config: read, state: join(folder, `${name}.state`), env: {} })
  await until(isDone)
  await agent.stop()
  return agent.status
}

test('a delivery stream gets every line once and in order, though it refuses some at first', async () => {
  const taken: string[] = []
  let count = 0
  let isDown = true
  const firehose = await ServiceStandIn.open((call) => {
    if (isDown) {
      isDown = false
      return { status: 503, body: '' }
    }
    return firehoseAnswer(call, (data) => {
      if (count++ < 700 && count % 50 === 0) return 'ServiceUnavailableException'
      taken.push(data.toString())
      return undefined
    })
  })
  try {
    const status = await run(
      'firehose',
      numbered(0, 1300),
      {
        'firehose.endpoint': firehose.url,
        'cloudwatch.emitMetrics': false,
        flows: [{ deliveryStream: 'd', retryInitialBackoffMillis: 5 }],
      },
      () => taken.length === 1300,
    )
    assert.deepEqual(new Set(taken), new Set(linesOf(numbered(0, 1300))))
    assert.ok(status.errors > 10)
    // Only what was refused is out of its order, and never beyond its batch.
    for (const [i, line] of taken.entries()) assert.ok(Math.abs(Number(line.slice(5)) - i) < 500)
  } finally {
    await firehose.close()
  }
})

test('metrics go to CloudWatch under the names of AWS, with the destination as dimension', async () => {
  const service = await ServiceStandIn.open((call) =>
    call.headers['x-amz-target']?.toString().startsWith('Firehose')
      ? firehoseAnswer(call, () => undefined)
      : { type: 'application/cbor', body: '' },
  )
  try {
    await run('metrics', numbered(0, 10), { 'firehose.endpoint': service.url, flows: [{ deliveryStream: 'd' }] }, () =>
      service.calls.some(({ headers }) => headers['x-amz-target']?.includes('PutRecordBatch')),
    )
    const metrics = service.calls.filter(({ headers, path, body }) =>
      /PutMetricData|monitoring/i.test(`${headers['x-amz-target']} ${path} ${headers.authorization} ${body}`),
    )
    assert.ok(metrics.length > 0, 'sent at the end')
    const text = metrics.map(({ body }) => body).join()
    for (const name of ['AWSKinesisAgent', 'BytesSent', 'RecordSendAttempts', 'RecordSendErrors', 'ServiceErrors'])
      assert.ok(text.includes(name), name)
    assert.ok(text.includes('Destination') && text.includes('DeliveryStream:d'))
  } finally {
    await service.close()
  }
})

test('assumeRoleARN asks STS, and what it gives signs the calls', async () => {
  const service = await ServiceStandIn.open((call) => {
    if (call.headers['x-amz-target']) return firehoseAnswer(call, () => undefined)
    return {
      type: 'text/xml',
      body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLEKEY</AccessKeyId>
        <SecretAccessKey>s</SecretAccessKey><SessionToken>tok</SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    }
  })
  try {
    const config = {
      'firehose.endpoint': service.url,
      'cloudwatch.emitMetrics': false,
      assumeRoleARN: 'arn:aws:iam::1:role/r',
      assumeRoleExternalId: 'x',
      awsAccessKeyId: 'OWNKEY',
      awsSecretAccessKey: 'own',
      flows: [{ deliveryStream: 'd' }],
    }
    await run('role', 'one\n', config, () => service.calls.length === 2)
    const [sts, put] = service.calls
    assert.match(
      sts!.headers.authorization!,
      /^AWS4-HMAC-SHA256 Credential=OWNKEY\/\d{8}\/us-east-1\/sts\/aws4_request, /,
    )
    assert.match(sts!.body, /Action=AssumeRole&.*RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr.*ExternalId=x/)
    assert.match(put!.headers.authorization!, /Credential=ROLEKEY\//)
    assert.equal(put!.headers['x-amz-security-token'], 'tok')
  } finally {
    await service.close()
  }
})

test('STS refusing is told with its own words', async () => {
  const service = await ServiceStandIn.open(() => ({
    status: 403,
    body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>',
  }))
  try {
    const options = { arn: 'a', externalId: undefined, endpoint: service.url, region: 'r', clock: new ManualClock() }
    const ask = assumeRole({ ...options, credentials: { accessKeyId: 'k', secretAccessKey: 's' } })
    await assert.rejects(ask, /AssumeRole of a: AccessDenied: not you/)
  } finally {
    await service.close()
  }
})

test('instance metadata is asked with a token, kept for its time, and asked again', async () => {
  const answers: Record<string, string> = {
    '/latest/api/token': 'T',
    '/latest/dynamic/instance-identity/document': '{"instanceId":"i-1","imageId":"ami-1","region":"eu-west-1"}',
    '/latest/meta-data/tags/instance': 'Name\nTeam',
    '/latest/meta-data/tags/instance/Name': 'web',
    '/latest/meta-data/tags/instance/Team': 'shop',
  }
  const service = await ServiceStandIn.open(({ path, method, headers }) => {
    if (method === 'GET' && headers['x-aws-ec2-metadata-token'] !== 'T') return { status: 401, body: '' }
    return { body: answers[path] ?? '', status: answers[path] === undefined ? 404 : 200 }
  })
  try {
    const clock = new ManualClock()
    const ec2 = new InstanceMetadata(service.url, clock, silentLogger)
    await ec2.refresh()
    const found = ec2.current(1000)!
    assert.deepEqual([found.instanceId, found.amiId, found.region], ['i-1', 'ami-1', 'eu-west-1'])
    assert.deepEqual(found.tags, { name: 'web', team: 'shop' })
    assert.equal(found.metadataTimestamp, '2026-01-01T00:00:00+0000')
    const calls = service.calls.length
    await clock.advance(2000)
    ec2.current(1000)
    await until(() => service.calls.length >= 2 * calls)
  } finally {
    await service.close()
  }
})
