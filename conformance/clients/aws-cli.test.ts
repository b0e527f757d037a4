import assert from 'node:assert/strict'
import { sdk } from '../harness/cases.ts'
import { base64, firstShard, Kinesis, uniqueName } from '../harness/kinesis.ts'
import { notOnAws } from '../harness/target.ts'
import { missing, run } from './installed.ts'

const kinesis = new Kinesis()

/** Each command starts a Python of its own, about half a second: one walk, no more commands than it needs. */
sdk(
  'the AWS CLI makes a stream, puts, reads, splits, lists and deletes',
  async () => {
    const name = uniqueName()
    const aws = async (...args: string[]) => {
      const output = await run('aws', ['kinesis', ...args, '--output', 'json'], kinesis.target.url)
      return output.trim() === '' ? undefined : JSON.parse(output)
    }
    await aws('create-stream', '--stream-name', name, '--shard-count', '1')
    await kinesis.active(name)
    // Version 1 of the CLI takes text for a blob, version 2 base64: what each stores differs, so it is not looked at.
    const put = await aws('put-record', '--stream-name', name, '--partition-key', 'k', '--data', base64('one!'))
    assert.equal(put.ShardId, firstShard)
    const entries = JSON.stringify([{ Data: base64('two!'), PartitionKey: 'k' }])
    assert.equal((await aws('put-records', '--stream-name', name, '--records', entries)).FailedRecordCount, 0)
    const [{ ShardIterator }, { StreamDescription }, { StreamNames }] = await Promise.all([
      aws(
        'get-shard-iterator',
        '--stream-name',
        name,
        '--shard-id',
        firstShard,
        '--shard-iterator-type',
        'TRIM_HORIZON',
      ),
      aws('describe-stream', '--stream-name', name),
      aws('list-streams'),
    ])
    assert.equal(StreamDescription.StreamStatus, 'ACTIVE')
    assert.ok(StreamNames.includes(name))
    assert.equal((await aws('get-records', '--shard-iterator', ShardIterator)).Records.length, 2)
    const middle = `${2n ** 127n}`
    await aws('split-shard', '--stream-name', name, '--shard-to-split', firstShard, '--new-starting-hash-key', middle)
    await kinesis.active(name)
    assert.equal((await aws('list-shards', '--stream-name', name)).Shards.length, 3)
    await aws('delete-stream', '--stream-name', name)
    await assert.rejects(aws('describe-stream-summary', '--stream-name', 'not-there'), /ResourceNotFoundException/)
  },
  notOnAws ?? missing('AWS CLI', 'aws', ['--version']),
)
