import assert from 'node:assert/strict'
import { assertError, assertViolations, broken } from './harness/answers.ts'
import { docs, observed, sdk, unverified } from './harness/cases.ts'
import { base64, type Input, Kinesis, uniqueName } from './harness/kinesis.ts'
import { notOnAws } from './harness/target.ts'

/* What streams are told beside records: their making, their settings, their tags. */

const kinesis = new Kinesis()

observed('a name is taken once', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await kinesis.ask('CreateStream', { StreamName: name, ShardCount: 1 }),
    'ResourceInUseException',
    /^Stream \S+ under account \d{12} already exists\.$/,
  )
})

sdk('a provisioned stream needs its ShardCount', async () => {
  assertError(await kinesis.ask('CreateStream', { StreamName: uniqueName() }), 'ValidationException')
})

observed('hash keys are divided evenly, and the last shard ends at 2^128-1', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 3 })
  const size = 2n ** 128n / 3n
  const ranges = (await kinesis.shards(name)).map(({ HashKeyRange }) => HashKeyRange)
  assert.deepEqual(ranges, [
    { StartingHashKey: '0', EndingHashKey: `${size - 1n}` },
    { StartingHashKey: `${size}`, EndingHashKey: `${2n * size - 1n}` },
    { StartingHashKey: `${2n * size}`, EndingHashKey: `${2n ** 128n - 1n}` },
  ])
})

sdk('a new stream keeps records for 24 hours, unencrypted, with no shard metrics', async (t) => {
  const { name, arn } = await kinesis.stream(t)
  const { StreamDescription } = await kinesis.call('DescribeStream', { StreamName: name })
  const { StreamARN, RetentionPeriodHours, EncryptionType, EnhancedMonitoring, HasMoreShards } = StreamDescription
  assert.deepEqual(
    [StreamARN, RetentionPeriodHours, EncryptionType, EnhancedMonitoring, HasMoreShards],
    [arn, 24, 'NONE', [{ ShardLevelMetrics: [] }], false],
  )
})

observed('DescribeStream pages by Limit and ExclusiveStartShardId', async (t) => {
  const { name } = await kinesis.stream(t, { ShardCount: 3 })
  const page = async (more: Input) =>
    (await kinesis.call('DescribeStream', { StreamName: name, ...more })).StreamDescription
  const first = await page({ Limit: 2 })
  assert.deepEqual([first.Shards.length, first.HasMoreShards], [2, true])
  const second = await page({ ExclusiveStartShardId: first.Shards[1].ShardId })
  assert.deepEqual([second.Shards.length, second.HasMoreShards], [1, false])
})

observed('ListStreams lists names in order, pages by Limit, and says whether there is more', async (t) => {
  const made = [await kinesis.stream(t), await kinesis.stream(t)]
  const first = await kinesis.call('ListStreams', { Limit: 1 })
  assert.deepEqual([first.StreamNames.length, first.HasMoreStreams], [1, true])
  const seen = [...first.StreamNames]
  for (let page = first; page.HasMoreStreams; ) {
    page = await kinesis.call('ListStreams', { ExclusiveStartStreamName: seen.at(-1) })
    seen.push(...page.StreamNames)
  }
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  for (const { name } of made) assert.ok(seen.includes(name))
})

sdk('a stream may be named by its ARN alone', async (t) => {
  const { name, arn } = await kinesis.stream(t)
  const { StreamDescriptionSummary } = await kinesis.call('DescribeStreamSummary', { StreamARN: arn })
  assert.equal(StreamDescriptionSummary.StreamName, name)
})

observed('a deleted stream is DELETING and then not found', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('DeleteStream', { StreamName: name })
  const gone = await kinesis.until(async () => {
    const answer = await kinesis.ask('DescribeStreamSummary', { StreamName: name })
    if (answer.status !== 200) return answer
    assert.equal(answer.body.StreamDescriptionSummary.StreamStatus, 'DELETING')
    return undefined
  })
  assertError(gone, 'ResourceNotFoundException')
})

unverified('a stream made again under the name of a deleted one has none of its records', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.put(name, 'old')
  await kinesis.call('DeleteStream', { StreamName: name })
  await kinesis.until(async () => {
    const { status } = await kinesis.ask('DescribeStreamSummary', { StreamName: name })
    return status === 400 || undefined
  })
  await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1 })
  await kinesis.active(name)
  assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), [])
})

observed('a retention under 24 hours is too short', async (t) => {
  const { name } = await kinesis.stream(t)
  assertError(
    await kinesis.ask('DecreaseStreamRetentionPeriod', { StreamName: name, RetentionPeriodHours: 23 }),
    'InvalidArgumentException',
    'Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.',
  )
})

// The range is documented; which of the two errors AWS gives above it is not known.
docs('a retention above 8760 hours is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  const answer = await kinesis.ask('IncreaseStreamRetentionPeriod', { StreamName: name, RetentionPeriodHours: 8761 })
  assert.equal(answer.status, 400)
  assert.match(answer.body.__type, /^(ValidationException|InvalidArgumentException)$/)
})

observed('a retention cannot be increased to less than it is', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('IncreaseStreamRetentionPeriod', { StreamName: name, RetentionPeriodHours: 48 })
  await kinesis.active(name)
  assertError(
    await kinesis.ask('IncreaseStreamRetentionPeriod', { StreamName: name, RetentionPeriodHours: 24 }),
    'InvalidArgumentException',
    `Requested retention period (24 hours) for stream ${name} can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API.`,
  )
})

observed('tags are listed in order of key and paged by ExclusiveStartTagKey', async (t) => {
  const { name } = await kinesis.stream(t)
  await kinesis.call('AddTagsToStream', { StreamName: name, Tags: { b: '2', a: '1', c: '' } })
  const first = await kinesis.call('ListTagsForStream', { StreamName: name, Limit: 2 })
  assert.deepEqual(first, {
    Tags: [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ],
    HasMoreTags: true,
  })
  const second = await kinesis.call('ListTagsForStream', { StreamName: name, ExclusiveStartTagKey: 'b' })
  assert.deepEqual(second, { Tags: [{ Key: 'c', Value: '' }], HasMoreTags: false })
})

docs('a stream has at most 50 tags', async (t) => {
  const { name } = await kinesis.stream(t)
  const tags = (count: number, prefix: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, 'x']))
  await kinesis.call('AddTagsToStream', { StreamName: name, Tags: tags(50, 'a') })
  const more = await kinesis.ask('AddTagsToStream', { StreamName: name, Tags: tags(1, 'b') })
  assertError(more, 'InvalidArgumentException')
})

for (const [what, Tags] of [
  ['an exclamation mark', { 'a!': 'b' }],
  ['a bracket in a value', { a: '(b)' }],
] as const)
  docs(`a tag with ${what} is refused`, async (t) => {
    const { name } = await kinesis.stream(t)
    assertError(await kinesis.ask('AddTagsToStream', { StreamName: name, Tags }), 'InvalidArgumentException')
  })

sdk('tags of a stream made with Tags are there, and a removed one is not', async (t) => {
  const { name, arn } = await kinesis.stream(t, { ShardCount: 1, Tags: { 'ä:1': 'x', gone: 'y' } })
  await kinesis.call('RemoveTagsFromStream', { StreamName: name, TagKeys: ['gone', 'never-there'] })
  const { Tags } = await kinesis.call('ListTagsForResource', { ResourceARN: arn })
  assert.deepEqual(Tags, [{ Key: 'ä:1', Value: 'x' }])
})

sdk('ALL expands to the seven shard level metrics', async (t) => {
  const { name } = await kinesis.stream(t)
  const input = { StreamName: name, ShardLevelMetrics: ['ALL'] }
  const on = await kinesis.call('EnableEnhancedMonitoring', input)
  assert.equal(on.CurrentShardLevelMetrics.length, 0)
  assert.equal(on.DesiredShardLevelMetrics.length, 7)
})

observed('PutRecords answers in the order of the request, with rising numbers in a shard', async (t) => {
  const { name } = await kinesis.stream(t)
  const Records = Array.from({ length: 500 }, (_, i) => ({ Data: base64(`${i}`), PartitionKey: `${i}` }))
  const answer = await kinesis.call('PutRecords', { StreamName: name, Records })
  const numbers = answer.Records.map(({ SequenceNumber }: { SequenceNumber: string }) => BigInt(SequenceNumber))
  assert.equal(answer.FailedRecordCount, 0)
  assert.equal(numbers.length, 500)
  for (let i = 1; i < 500; i++) assert.ok(numbers[i] > numbers[i - 1])
  assert.deepEqual(
    await kinesis.read(await kinesis.iterator(name)),
    Records.map((_, i) => `${i}`),
  )
})

observed('PutRecords takes one to 500 records', async () => {
  const put = (Records: unknown[]) => kinesis.ask('PutRecords', { StreamName: 'nowhere', Records })
  assertViolations(await put([]), broken('[]', 'records', 'have length greater than or equal to 1'))
  const record = { Data: '', PartitionKey: 'k' }
  assertError(
    await put(Array.from({ length: 501 }, () => record)),
    'ValidationException',
    /length less than or equal to 500$/,
  )
})

observed('PutRecords names the member of the record that breaks a constraint', async () => {
  const Records = [{ Data: '', PartitionKey: 'k' }, { PartitionKey: '' }]
  assertViolations(
    await kinesis.ask('PutRecords', { StreamName: 'nowhere', Records }),
    broken(null, 'records.2.member.data', 'not be null'),
    broken('', 'records.2.member.partitionKey', 'have length greater than or equal to 1'),
  )
})

docs('a PutRecords of more than ten mebibytes is refused as a whole', async (t) => {
  const { name } = await kinesis.stream(t)
  const Data = Buffer.alloc(1_000_000).toString('base64')
  const Records = Array.from({ length: 11 }, () => ({ Data, PartitionKey: 'k' }))
  assertError(await kinesis.ask('PutRecords', { StreamName: name, Records }), 'InvalidArgumentException')
  assert.deepEqual(await kinesis.read(await kinesis.iterator(name)), [])
})

observed('GetRecords of something that is no iterator is refused', async () => {
  for (const ShardIterator of ['AAAA', 'nonsense!', Buffer.alloc(152).toString('base64')])
    assertError(
      await kinesis.ask('GetRecords', { ShardIterator }),
      'InvalidArgumentException',
      'Invalid ShardIterator.',
    )
})

observed('an iterator that was changed by one bit is refused', async (t) => {
  const { name } = await kinesis.stream(t)
  const bytes = Buffer.from(await kinesis.iterator(name), 'base64')
  bytes[bytes.length - 1]! ^= 1
  const answer = await kinesis.ask('GetRecords', { ShardIterator: bytes.toString('base64') })
  assertError(answer, 'InvalidArgumentException', 'Invalid ShardIterator.')
})

docs('a Limit pages through a shard, and the same iterator reads the same again', async (t) => {
  const { name } = await kinesis.stream(t)
  for (const data of ['a', 'b', 'c']) await kinesis.put(name, data)
  const ShardIterator = await kinesis.iterator(name)
  const first = await kinesis.call('GetRecords', { ShardIterator, Limit: 2 })
  const again = await kinesis.call('GetRecords', { ShardIterator, Limit: 2 })
  assert.equal(first.Records.length, 2)
  assert.deepEqual(again.Records, first.Records)
  assert.deepEqual(await kinesis.read(first.NextShardIterator), ['c'])
})

sdk(
  'an AUTO stream takes records without a key, and is on demand only',
  async (t) => {
    const onDemand = { StreamModeDetails: { StreamMode: 'ON_DEMAND' }, RecordDistributionStrategy: 'AUTO' }
    const { name } = await kinesis.stream(t, onDemand)
    assert.ok((await kinesis.call('PutRecord', { StreamName: name, Data: base64('x') })).ShardId)
    const provisioned = await kinesis.stream(t)
    const input = { StreamARN: provisioned.arn, RecordDistributionStrategy: 'AUTO' }
    const refused = await kinesis.ask('UpdateStreamRecordDistributionStrategy', input)
    assertError(refused, 'InvalidArgumentException')
  },
  notOnAws,
)

docs(
  'a stream keeps its shards when its mode changes',
  async (t) => {
    const { name, arn } = await kinesis.stream(t, { ShardCount: 2 })
    const StreamModeDetails = { StreamMode: 'ON_DEMAND' }
    await kinesis.call('UpdateStreamMode', { StreamARN: arn, StreamModeDetails })
    const summary = await kinesis.active(name)
    assert.deepEqual([summary.OpenShardCount, summary.StreamModeDetails], [2, StreamModeDetails])
  },
  notOnAws,
)
