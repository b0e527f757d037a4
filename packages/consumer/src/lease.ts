import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Checkpoint, isShardEnd, trimHorizon } from './checkpoint.ts'

/** One row of KCL's lease table: who reads a shard, and how far it came. */
export type Lease = {
  /** The shard's id. */
  readonly leaseKey: string
  readonly leaseOwner: string | undefined
  /** Rises with every renewal, take and checkpoint: the heartbeat, and what every write is conditional on. */
  readonly leaseCounter: number
  readonly ownerSwitchesSinceCheckpoint: number
  readonly checkpoint: Checkpoint
  readonly pendingCheckpoint: Checkpoint | undefined
  readonly pendingCheckpointState: Uint8Array | undefined
  readonly parentShardIds: readonly string[]
  readonly childShardIds: readonly string[]
  /** Decimal, both inclusive. Leases of old KCLs have none. */
  readonly hashKeyRange: { readonly start: string; readonly end: string } | undefined
  readonly throughputKBps: number | undefined
  /** Set while a KCL 3 leader moves the lease: it still reads and checkpoints, `leaseOwner` already names who comes. */
  readonly checkpointOwner: string | undefined
  /** Attributes that this version does not know. They are kept. */
  readonly other: Readonly<Record<string, AttributeValue>>
}

/** Who reads the shard now. */
export const readerOf = (lease: Lease): string | undefined => lease.checkpointOwner ?? lease.leaseOwner

export const isFinished = (lease: Lease): boolean => isShardEnd(lease.checkpoint)

/** A lease that nobody has held yet. */
export const newLease = (
  leaseKey: string,
  checkpoint: Checkpoint,
  parentShardIds: readonly string[],
  hashKeyRange: Lease['hashKeyRange'],
): Lease => ({
  leaseKey,
  leaseOwner: undefined,
  leaseCounter: 0,
  ownerSwitchesSinceCheckpoint: 0,
  checkpoint,
  pendingCheckpoint: undefined,
  pendingCheckpointState: undefined,
  parentShardIds,
  childShardIds: [],
  hashKeyRange,
  throughputKBps: undefined,
  checkpointOwner: undefined,
  other: {},
})

export type Item = Record<string, AttributeValue>

/**
 * KCL's attributes (DynamoDBLeaseSerializer of amazon-kinesis-client 2 and 3):
 *
 *   leaseKey S   leaseOwner S   leaseCounter N   ownerSwitchesSinceCheckpoint N
 *   checkpoint S   checkpointSubSequenceNumber N
 *   pendingCheckpoint S   pendingCheckpointSubSequenceNumber N   pendingCheckpointState B
 *   parentShardId SS   childShardIds SS   startingHashKey S   endingHashKey S
 *   throughputKBps N   checkpointOwner S   entityType S ("LEASE", from KCL 3.5 on)
 *
 * An attribute without a value is absent: DynamoDB knows no empty set, and KCL takes absent for null.
 */
export function itemOf(lease: Lease): Item {
  const { checkpoint, pendingCheckpoint, hashKeyRange } = lease
  const item: Item = {
    ...lease.other,
    leaseKey: { S: lease.leaseKey },
    leaseCounter: number(lease.leaseCounter),
    ownerSwitchesSinceCheckpoint: number(lease.ownerSwitchesSinceCheckpoint),
    checkpoint: { S: checkpoint.sequenceNumber },
    checkpointSubSequenceNumber: number(checkpoint.subSequenceNumber),
  }
  if (lease.leaseOwner !== undefined) item.leaseOwner = { S: lease.leaseOwner }
  if (lease.checkpointOwner !== undefined) item.checkpointOwner = { S: lease.checkpointOwner }
  if (lease.parentShardIds.length > 0) item.parentShardId = { SS: [...lease.parentShardIds] }
  if (lease.childShardIds.length > 0) item.childShardIds = { SS: [...lease.childShardIds] }
  if (lease.throughputKBps !== undefined) item.throughputKBps = number(lease.throughputKBps)
  if (pendingCheckpoint) {
    item.pendingCheckpoint = { S: pendingCheckpoint.sequenceNumber }
    item.pendingCheckpointSubSequenceNumber = number(pendingCheckpoint.subSequenceNumber)
  }
  if (lease.pendingCheckpointState) item.pendingCheckpointState = { B: lease.pendingCheckpointState }
  if (hashKeyRange) {
    item.startingHashKey = { S: hashKeyRange.start }
    item.endingHashKey = { S: hashKeyRange.end }
  }
  return item
}

/**
 * What a row says, read with patience: an operator or another version may have written it. Undefined when the row is no
 * lease of a single stream: KCL 3.5 keeps its coordinator's rows in the same table, and a table of many streams has a
 * stream's name in each row.
 */
export function leaseOf(item: Item): Lease | undefined {
  const text = (name: string): string | undefined => item[name]?.S || undefined
  const count = (name: string): number | undefined => {
    const value = Number(item[name]?.N ?? item[name]?.S)
    return Number.isFinite(value) && (item[name]?.N ?? item[name]?.S) !== undefined ? value : undefined
  }
  const texts = (name: string): readonly string[] => item[name]?.SS ?? listOf(item[name])
  const place = (name: string): Checkpoint | undefined => {
    const sequenceNumber = text(name)
    return sequenceNumber === undefined
      ? undefined
      : { sequenceNumber, subSequenceNumber: count(`${name}SubSequenceNumber`) ?? 0 }
  }

  const leaseKey = text('leaseKey')
  if (leaseKey === undefined || text('streamName') !== undefined) return undefined
  if ((text('entityType') ?? 'LEASE') !== 'LEASE') return undefined
  if (item.leaseCounter === undefined && item.checkpoint === undefined) return undefined
  const [start, end] = [text('startingHashKey'), text('endingHashKey')]
  return {
    leaseKey,
    leaseOwner: text('leaseOwner'),
    leaseCounter: count('leaseCounter') ?? 0,
    ownerSwitchesSinceCheckpoint: count('ownerSwitchesSinceCheckpoint') ?? 0,
    checkpoint: place('checkpoint') ?? trimHorizon,
    pendingCheckpoint: place('pendingCheckpoint'),
    // KCL itself writes a number here when it creates a row that has a pending state: that is no state of the application's.
    pendingCheckpointState: item.pendingCheckpointState?.B,
    parentShardIds: texts('parentShardId'),
    childShardIds: texts('childShardIds'),
    hashKeyRange: start !== undefined && end !== undefined ? { start, end } : undefined,
    throughputKBps: count('throughputKBps'),
    checkpointOwner: text('checkpointOwner'),
    other: Object.fromEntries(Object.entries(item).filter(([name]) => !known.has(name))),
  }
}

const known = new Set([
  ...['leaseKey', 'leaseOwner', 'leaseCounter', 'ownerSwitchesSinceCheckpoint', 'checkpoint'],
  ...['checkpointSubSequenceNumber', 'pendingCheckpoint', 'pendingCheckpointSubSequenceNumber'],
  ...['pendingCheckpointState', 'parentShardId', 'childShardIds', 'startingHashKey', 'endingHashKey'],
  ...['throughputKBps', 'checkpointOwner'],
])

const number = (value: number): AttributeValue => ({ N: String(value) })

/** A single parent was an S in the first KCL. */
function listOf(value: AttributeValue | undefined): readonly string[] {
  if (value?.S) return [value.S]
  return value?.L?.flatMap(({ S }) => (S ? [S] : [])) ?? []
}
