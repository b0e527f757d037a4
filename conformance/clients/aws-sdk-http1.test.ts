import assert from 'node:assert/strict'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { sdk } from '../harness/cases.ts'
import { kinesisWithBuckets } from '../harness/channels.ts'
import { testKey } from '../harness/keys.ts'
import { notOnAws } from '../harness/target.ts'
import { everyOperation, sdkScenario } from './sdk-scenario.ts'

const kinesis = kinesisWithBuckets()

sdk('@aws-sdk/client-kinesis calls every operation over NodeHttpHandler (HTTP/1.1)', walk, notOnAws)

async function walk() {
  const client = new KinesisClient({
    endpoint: kinesis.target.url,
    region: 'us-east-1',
    credentials: testKey,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  })
  try {
    assert.deepEqual(await sdkScenario(client), everyOperation())
  } finally {
    client.destroy()
  }
}
