import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { backupBucket, FirehoseInMemory } from './testing/firehose-in-memory.ts'

test('a put waits while more is to be compressed than gets done, and is taken as that goes on', async () => {
  const firehose = new FirehoseInMemory({ fetch: async () => assert.fail('nobody asks'), close() {} } as never)
  await firehose.create('d', { ExtendedS3DestinationConfiguration: backupBucket })
  let end = () => {}
  const compressing = firehose.compressions.run(5 * 1024 * 1024, () => new Promise<void>((ended) => (end = ended)))
  const recordIds: string[] = []
  const put = firehose.put('d', 'a', 'b').then((ids) => recordIds.push(...ids))
  for (let i = 0; i < 10; i++) await turn()
  assert.deepEqual(recordIds, [])
  end()
  await Promise.all([compressing, put])
  assert.equal(recordIds.length, 2)
  await firehose.stop()
})
