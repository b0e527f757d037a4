import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Kinesis } from '@aws-sdk/client-kinesis'
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { startMillrace } from '../../packages/server/src/index.ts'
import { missing } from '../clients/installed.ts'

/* Streams encrypted by the keys of a KMS that others wrote: moto's, which speaks AWS's protocol. */

const skip = missing('moto_server', 'moto_server', ['--help'])
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
const region = 'us-east-1'

process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId
process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey

async function openKms(t: TestContext): Promise<{ url: string; stop: () => void }> {
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => void server.kill()
  t.after(stop)
  let said = ''
  const listen = (text: Buffer) => {
    said += text.toString()
  }
  server.stdout.on('data', listen)
  server.stderr.on('data', listen)
  for (;;) {
    const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? []
    if (url !== undefined) return { url, stop }
    assert.equal(server.exitCode, null, said)
    await pause(20)
  }
}

test('records are put and read by a key of KMS, also after a restart, and not when it is gone', { skip }, async (t) => {
  const { url, stop } = await openKms(t)
  const data = mkdtempSync(join(tmpdir(), 'millrace-kms-'))
  t.after(() => rmSync(data, { recursive: true }))
  const kms = new KMSClient({ endpoint: url, region, credentials })
  t.after(() => kms.destroy())
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const TargetKeyId = KeyMetadata!.KeyId!
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/orders', TargetKeyId }))
  const dataKeyAgeMs = 300
  const run = async <T>(work: (kinesis: Kinesis) => Promise<T>): Promise<T> => {
    const server = await startMillrace({ data, kms: url, dataKeyAgeMs, limits: 'off', transitionMs: 5 })
    const kinesis = new Kinesis({ endpoint: server.url, region, credentials, maxAttempts: 1 })
    try {
      return await work(kinesis)
    } finally {
      kinesis.destroy()
      await server.stop()
    }
  }
  const StreamName = 's'
  const active = async (kinesis: Kinesis) => {
    for (;;) {
      const { StreamDescriptionSummary } = await kinesis.describeStreamSummary({ StreamName })
      if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
      await pause(5)
    }
  }
  const put = (kinesis: Kinesis) => kinesis.putRecord({ StreamName, Data: Buffer.from('kept'), PartitionKey: 'p' })
  const read = async (kinesis: Kinesis) => {
    const position = { StreamName, ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' } as const
    const { Records } = await kinesis.getRecords(
      (await kinesis.getShardIterator(position)) as { ShardIterator: string },
    )
    return Records!.map(({ Data, EncryptionType }) => `${EncryptionType} ${Buffer.from(Data!)}`)
  }
  const key = { StreamName, EncryptionType: 'KMS' } as const
  await run(async (kinesis) => {
    await kinesis.createStream({ StreamName, ShardCount: 1 })
    await active(kinesis)
    const nowhere = kinesis.startStreamEncryption({ ...key, KeyId: 'alias/nowhere' })
    await assert.rejects(nowhere, { name: 'KMSNotFoundException' })
    await kinesis.startStreamEncryption({ ...key, KeyId: 'alias/orders' })
    await active(kinesis)
    await put(kinesis)
    await pause(2 * dataKeyAgeMs)
    await put(kinesis)
    assert.deepEqual(await read(kinesis), ['KMS kept', 'KMS kept'])
  })
  await run(async (kinesis) => {
    assert.deepEqual(await read(kinesis), ['KMS kept', 'KMS kept'])
    stop()
    await pause(2 * dataKeyAgeMs)
    await assert.rejects(put(kinesis), { name: 'InternalFailure' })
    await assert.rejects(read(kinesis), { name: 'InternalFailure' })
  })
})
