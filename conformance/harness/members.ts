import { docs, observed, sdk, unverified } from './cases.ts'

/* The members that many inputs share: what kind they are on the wire, and which values break which constraints. */

export type Kind = 'String' | 'Integer' | 'Boolean' | 'Blob' | 'timestamp' | 'list' | 'map' | 'structure'

export type Member = {
  readonly kind: Kind
  /** A value of the right form, so that the other members of an input can be looked at alone. */
  readonly valid: unknown
  /** Each value with the constraints that it breaks: what follows `Member must `. */
  readonly refused?: readonly (readonly [value: string | number, ...constraints: string[]])[]
  /** How the constraints are known. */
  readonly known?: typeof observed
}

const pattern = (text: string) => `satisfy regular expression pattern: ${text}`
const lengthMin = (n: number) => `have length greater than or equal to ${n}`
const lengthMax = (n: number) => `have length less than or equal to ${n}`
const min = (n: number) => `have value greater than or equal to ${n}`
const max = (n: number) => `have value less than or equal to ${n}`
const oneOf = (...values: string[]) => `satisfy enum value set: [${values.join(', ')}]`

const namePattern = pattern('[a-zA-Z0-9_.-]+')
const arnPattern = pattern('arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+')
const consumerPattern = pattern(
  '^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+',
)

const named = (valid: string): Member => ({
  kind: 'String',
  valid,
  known: observed,
  refused: [
    ['', lengthMin(1), namePattern],
    ['a b', namePattern],
    ['a'.repeat(129), lengthMax(128)],
  ],
})

const between = (from: number, to: number, valid: number, known = observed): Member => ({
  kind: 'Integer',
  valid,
  known,
  refused: [
    [from - 1, min(from)],
    [to + 1, max(to)],
  ],
})

const chosen = (known: typeof observed, ...values: string[]): Member => ({
  kind: 'String',
  valid: values[0],
  known,
  refused: [
    ['OTHER', oneOf(...values)],
    ['', oneOf(...values)],
  ],
})

const plain = (kind: Kind, valid: unknown): Member => ({ kind, valid })

const numberText = (digits: number): Member => ({
  kind: 'String',
  valid: '1',
  known: observed,
  refused: [
    ['', pattern(`0|([1-9]\\d{0,${digits}})`)],
    ['01', pattern(`0|([1-9]\\d{0,${digits}})`)],
    ['-1', pattern(`0|([1-9]\\d{0,${digits}})`)],
    [`1${'0'.repeat(digits + 1)}`, pattern(`0|([1-9]\\d{0,${digits}})`)],
  ],
})

export const streamArnNowhere = 'arn:aws:kinesis:us-east-1:000000000000:stream/conformance-nowhere'

export const streamName = named('conformance-nowhere')
export const shardId = named('shardId-000000000000')
export const consumerName = named('reader')
export const streamArn: Member = {
  kind: 'String',
  valid: streamArnNowhere,
  known: docs,
  refused: [['nonsense', arnPattern]],
}
export const streamId: Member = {
  kind: 'String',
  valid: 'aaaaaaaaaaaaaaaaaaaa-aaa',
  known: docs,
  refused: [['nonsense', pattern('[a-z0-9]{20}-[a-z0-9]{3}')]],
}
export const resourceArn: Member = {
  kind: 'String',
  valid: streamArnNowhere,
  known: sdk,
  refused: [['nonsense', pattern('arn:aws.*:kinesis:.*:\\d{12}:.*(stream|channel|queue)/\\S+')]],
}
const channelArnNowhere = 'arn:aws:kinesis:us-east-1:000000000000:channel/conformance-nowhere'
export const channelArn: Member = {
  kind: 'String',
  valid: channelArnNowhere,
  known: sdk,
  refused: [[streamArnNowhere, pattern('arn:aws.*:kinesis:.*:\\d{12}:channel/\\S+')]],
}
export const channelName: Member = { ...named('channel'), known: sdk }
export const roleArn: Member = {
  kind: 'String',
  valid: 'arn:aws:iam::000000000000:role/any',
  known: sdk,
  refused: [['nonsense', pattern('arn:aws[-a-z0-9]*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+')]],
}
export const consumerArn: Member = {
  kind: 'String',
  valid: `${streamArnNowhere}/consumer/reader:1700000000`,
  known: docs,
  refused: [
    ['nonsense', consumerPattern],
    [streamArnNowhere, consumerPattern],
  ],
}
export const hashKey = numberText(38)
export const sequenceNumber = numberText(128)
export const pageSize = between(1, 10_000, 10)
export const tags = plain('map', { a: 'b' })
export const tagKeys = plain('list', ['a'])
export const text = plain('String', 'text')
export const boolean = plain('Boolean', false)
export const timestamp = plain('timestamp', 1_700_000_000)
export const structure = (valid: unknown) => plain('structure', valid)
export const list = (valid: unknown) => plain('list', valid)
export const data = plain('Blob', 'ZGF0YQ==')
export const integer = plain('Integer', 24)
export const shardCount = between(1, 100_000, 1)
export const recordLimit = between(1, 10_000, 10)
export const tagLimit = between(1, 50, 10, unverified)
export const maxRecordSize = between(1024, 10_240, 1024, docs)
export const targetShardCount: Member = { kind: 'Integer', valid: 1, known: unverified, refused: [[0, min(1)]] }
export const partitionKey: Member = {
  kind: 'String',
  valid: 'key',
  known: observed,
  refused: [
    ['', lengthMin(1)],
    ['k'.repeat(257), lengthMax(256)],
  ],
}
export const shardIterator: Member = {
  kind: 'String',
  valid: 'AAAA',
  known: observed,
  refused: [
    ['', lengthMin(1)],
    ['a'.repeat(513), lengthMax(512)],
  ],
}
export const iteratorType = chosen(
  observed,
  'AFTER_SEQUENCE_NUMBER',
  'LATEST',
  'AT_TIMESTAMP',
  'TRIM_HORIZON',
  'AT_SEQUENCE_NUMBER',
)
export const encryptionType = chosen(sdk, 'KMS', 'NONE')
export const keyId: Member = {
  kind: 'String',
  valid: 'alias/aws/kinesis',
  known: sdk,
  refused: [
    ['', lengthMin(1)],
    ['k'.repeat(2049), lengthMax(2048)],
  ],
}
export const scalingType = chosen(sdk, 'UNIFORM_SCALING')
export const distributionStrategy = chosen(sdk, 'USER_PARTITION_KEY', 'AUTO')
