import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
  StartDeliveryStreamEncryptionCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { keysCommand } from '../../commands/keys.ts'
import { allow, trust } from '../../identity/identity-fixture.ts'
import { startMillrace } from '../../main.ts'

const account = '000000000000'
const roleArn = `arn:aws:iam::${account}:role/delivery`
const secret = 'x'.repeat(40)

/** A server with a keyring of one key, and clients that sign as users with these policies. */
async function serverFor(t: TestContext, policiesWith: (keyArn: string) => Readonly<Record<string, object[]>>) {
  const data = mkdtempSync(join(tmpdir(), 'millrace-key-needs-'))
  t.after(() => rmSync(data, { recursive: true }))
  const printed: string[] = []
  await keysCommand(['create', '--data', data], { write: (text) => printed.push(text) }, { write: assert.fail })
  const keyArn = `arn:aws:kms:us-east-1:${account}:key/${printed.join('').trim()}`
  const keyIdOf = (name: string) => `AKIA${name.toUpperCase()}`.padEnd(20, 'X')
  const users = Object.entries(policiesWith(keyArn)).map(([name, policies]) => ({
    name,
    accessKeys: [{ id: keyIdOf(name), secret }],
    policies: policies as ReturnType<typeof allow>[],
  }))
  const roles = [{ name: 'delivery', trustPolicy: trust({ Service: 'firehose.amazonaws.com' }) }]
  const clock = new ManualClock(Date.now())
  const server = await startMillrace({ data, identity: { users, roles }, clock })
  t.after(() => server.stop())
  const as = (name: string) => {
    const credentials = { accessKeyId: keyIdOf(name), secretAccessKey: secret }
    const client = new FirehoseClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 })
    t.after(() => client.destroy())
    return client
  }
  return { as, clock, encrypted: { KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN: keyArn } as const }
}

const destination = { RoleARN: roleArn, BucketARN: 'arn:aws:s3:::b' }

test('whoever hands a key to Firehose must be allowed to grant it, and whoever puts to use it', async (t) => {
  const { as, clock, encrypted } = await serverFor(t, (keyArn) => {
    const only = (Action: string, service: string) => ({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action, Resource: keyArn, Condition: { StringEquals: { 'kms:ViaService': service } } },
      ],
    })
    const usual = [allow('firehose:*'), allow('iam:PassRole')]
    const here = 'firehose.us-east-1.amazonaws.com'
    return {
      root: [allow('*')],
      granter: [...usual, only('kms:CreateGrant', here)],
      elsewhere: [...usual, only('kms:*', 'kinesis.us-east-1.amazonaws.com')],
      generator: [...usual, only('kms:GenerateDataKey', here)],
      putter: [...usual, only('kms:GenerateDataKey', here), only('kms:Decrypt', here)],
      plain: usual,
    }
  })
  const isRefused = (action: string) => (error: Error & { code?: string }) => {
    assert.deepEqual([error.name, error.code], ['InvalidKMSResourceException', 'AccessDeniedException'], error.message)
    assert.match(error.message, new RegExp(`is not authorized to perform: kms:${action} on resource: arn:aws:kms:`))
    return true
  }
  const create = (who: string, name: string, isEncrypted: boolean) =>
    as(who).send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: name,
        ExtendedS3DestinationConfiguration: destination,
        ...(isEncrypted && { DeliveryStreamEncryptionConfigurationInput: encrypted }),
      }),
    )
  const settled = async (name: string) => {
    for (let left = 100; left > 0; left--) {
      await clock.advance(1000)
      const answer = await as('root').send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }))
      if (answer.DeliveryStreamDescription?.DeliveryStreamStatus === 'ACTIVE') return
    }
    assert.fail(`${name} did not become ACTIVE`)
  }
  for (const who of ['plain', 'elsewhere', 'putter'])
    await assert.rejects(create(who, 'sealed', true), isRefused('CreateGrant'), who)
  await create('granter', 'sealed', true)
  await create('plain', 'open', false)
  await settled('sealed')
  await settled('open')

  const begin = (who: string) => {
    const input = { DeliveryStreamName: 'open', DeliveryStreamEncryptionConfigurationInput: encrypted }
    return as(who).send(new StartDeliveryStreamEncryptionCommand(input))
  }
  for (const who of ['plain', 'elsewhere']) await assert.rejects(begin(who), isRefused('CreateGrant'), who)

  const Record = { Data: Buffer.from('r') }
  const put = (who: string, name: string) => as(who).send(new PutRecordCommand({ DeliveryStreamName: name, Record }))
  await put('plain', 'open')
  for (const who of ['plain', 'granter', 'elsewhere'])
    await assert.rejects(put(who, 'sealed'), isRefused('GenerateDataKey'), who)
  await assert.rejects(put('generator', 'sealed'), isRefused('Decrypt'))
  assert.equal((await put('putter', 'sealed')).Encrypted, true)
  const batch = new PutRecordBatchCommand({ DeliveryStreamName: 'sealed', Records: [Record] })
  await assert.rejects(as('plain').send(batch), isRefused('GenerateDataKey'))
  assert.equal((await as('putter').send(batch)).FailedPutCount, 0)
})
