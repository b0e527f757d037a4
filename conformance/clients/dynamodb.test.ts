import assert from 'node:assert/strict'
import { join } from 'node:path'
import { sdk } from '../harness/cases.ts'
import { DynamoDb } from '../harness/dynamodb.ts'
import { notOnAws } from '../harness/target.ts'
import { missing, run } from './installed.ts'

const { target } = await DynamoDb.open()

sdk(
  'boto3 makes a table, writes, queries, transacts and deletes',
  async () => {
    const script = join(import.meta.dirname, 'dynamodb_scenario.py')
    assert.deepEqual(JSON.parse(await run('python3', [script], target.url)), {
      total: '20',
      precise: true,
      binary: true,
      again: 'ConditionalCheckFailedException',
      held: 'first',
      queried: ['7', '8', '9'],
      reversed: ['9', '8'],
      byOwner: 2,
      pages: 10,
      reasons: ['None', 'ConditionalCheckFailed'],
      processedOnce: 1,
    })
  },
  notOnAws ?? missing('python3 with boto3', 'python3', ['-c', 'import boto3']),
)
