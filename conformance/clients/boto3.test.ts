import assert from 'node:assert/strict'
import { join } from 'node:path'
import { sdk } from '../harness/cases.ts'
import { Kinesis } from '../harness/kinesis.ts'
import { notOnAws } from '../harness/target.ts'
import { missing, run } from './installed.ts'

const kinesis = new Kinesis()

sdk(
  'boto3 puts, reads, subscribes and splits',
  async () => {
    const script = join(import.meta.dirname, 'boto3_scenario.py')
    const { notFound, ...seen } = JSON.parse(await run('python3', [script], kinesis.target.url))
    assert.match(notFound, /^Stream not-there under account \d{12} not found\.$/)
    assert.deepEqual(seen, {
      put: 'shardId-000000000000',
      failed: 0,
      records: 11,
      binary: true,
      arrivalIsRecent: true,
      pushed: 11,
      shards: ['0', '1', '2'],
      endOfParent: true,
      children: 2,
      listed: true,
    })
  },
  notOnAws ?? missing('python3 with boto3', 'python3', ['-c', 'import boto3']),
)
