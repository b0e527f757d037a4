import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { DynamoDBLeaseTable } from './dynamodb-lease-table.ts'
import type { Item } from './lease.ts'
import type { Settings } from './options.ts'

/**
 * The KCL 3 workers of the same application, if there are any. One of them leads: it shares out the leases by writing owners
 * into the table, and counts on every worker to say that it lives.
 *
 *   state    key "Migration3.0": cv S, one of CLIENT_VERSION_2X, _UPGRADE_FROM_2X, _3X_WITH_ROLLBACK, _3X
 *   leader   key "Leader": recordVersionNumber S, new with each heartbeat; leaseDuration S; isReleased S
 *   worker   key workerId: lut N (seconds), sts M, opr M (empty: it is weighed by its throughput), sup N, slu N
 *
 * Up to 3.4 the first two lie in APPLICATION-CoordinatorState (key "key") and the last in APPLICATION-WorkerMetricStats (key
 * "wid"); from 3.5 on all of them may lie in the lease table (key "leaseKey", with an entityType).
 */
export class KclFleet {
  readonly #client: DynamoDBClient
  readonly #leases: DynamoDBLeaseTable
  readonly #settings: Settings
  #clientVersion: string | undefined
  #heartbeat: { readonly version: string | undefined; readonly seenMs: number; readonly lastsMs: number } | undefined
  #nextStateMs = 0
  #nextReportMs = 0
  readonly #reportedTo = new Map<string, Item>()

  constructor(client: DynamoDBClient, leases: DynamoDBLeaseTable, settings: Settings) {
    this.#client = client
    this.#leases = leases
    this.#settings = settings
  }

  /** A living leader shares out the leases: nobody takes a share by himself. */
  get hasLeader(): boolean {
    if (!this.#clientVersion || !ledVersions.has(this.#clientVersion) || !this.#heartbeat) return false
    return this.#settings.clock.monotonicMs() - this.#heartbeat.seenMs <= this.#heartbeat.lastsMs
  }

  /** Workers of KCL 3 want to know each lease's throughput. */
  get wantsReports(): boolean {
    return this.#clientVersion !== undefined && reportingVersions.has(this.#clientVersion)
  }

  /** Looks at the state, and says that this worker lives when it is time to. Cheap to call often. */
  async look(): Promise<void> {
    const { clock } = this.#settings
    const state = this.#leases.others.get(stateKey) ?? (await this.#legacy(stateKey))
    this.#clientVersion = state?.cv?.S
    if (!this.wantsReports) return
    this.#hear(this.#leases.others.get(leaderKey) ?? (await this.#legacy(leaderKey)))
    if (clock.monotonicMs() < this.#nextReportMs) return
    await this.#report()
    this.#nextReportMs = clock.monotonicMs() + reportEveryMs
  }

  /** The leader need not wait until this worker's word has grown old. */
  async leave(): Promise<void> {
    for (const [TableName, Key] of this.#reportedTo) await this.#client.send(new DeleteItemCommand({ TableName, Key }))
    this.#reportedTo.clear()
  }

  /** Its word grows old by this worker's own clock, as everything here. */
  #hear(leader: Item | undefined): void {
    const version = leader?.recordVersionNumber?.S
    if (!leader || leader.isReleased) this.#heartbeat = undefined
    else if (!this.#heartbeat || this.#heartbeat.version !== version) {
      const lastsMs = Number(leader.leaseDuration?.S) || leaderLastsMs
      this.#heartbeat = { version, seenMs: this.#settings.clock.monotonicMs(), lastsMs }
    }
  }

  async #legacy(key: string): Promise<Item | undefined> {
    const nowMs = this.#settings.clock.monotonicMs()
    // Without KCL 3 there is no such table, and nobody is asked all the time for what is not there.
    if (this.#clientVersion === undefined && nowMs < this.#nextStateMs) return undefined
    this.#nextStateMs = nowMs + absentPollMs
    const TableName = `${this.#settings.applicationName}-CoordinatorState`
    return absentWithoutTable(async () => {
      const { Item } = await this.#client.send(new GetItemCommand({ TableName, Key: { key: { S: key } } }))
      return Item
    })
  }

  async #report(): Promise<void> {
    const { applicationName, tableName, workerId } = this.#settings
    await absentWithoutTable(() => this.#reportTo(`${applicationName}-WorkerMetricStats`, { wid: { S: workerId } }))
    const isInLeaseTable = [...this.#leases.others.values()].some(({ entityType }) => entityType?.S === statsType)
    if (isInLeaseTable || this.#leases.others.has(stateKey))
      await this.#reportTo(tableName, { leaseKey: { S: workerId } }, { entityType: { S: statsType } })
  }

  async #reportTo(TableName: string, Key: Item, more: Item = {}): Promise<void> {
    const seconds: AttributeValue = { N: String(Math.floor(this.#settings.clock.nowMs() / 1000)) }
    const attributes: Item = { lut: seconds, sts: { M: {} }, opr: { M: {} }, sup: { N: '1' }, slu: seconds, ...more }
    const names = Object.keys(attributes)
    await this.#client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]!])),
      }),
    )
    this.#reportedTo.set(TableName, Key)
  }
}

const stateKey = 'Migration3.0'
const leaderKey = 'Leader'
const statsType = 'WORKER_METRIC_STATS'

/** In these the leader assigns; in the one below he waits until every owner reports. */
const ledVersions = new Set(['CLIENT_VERSION_3X', 'CLIENT_VERSION_3X_WITH_ROLLBACK'])
const reportingVersions = new Set([...ledVersions, 'CLIENT_VERSION_UPGRADE_FROM_2X'])

/** KCL's workerMetricsReporterFreqInMillis; after two of them a worker counts as gone. */
const reportEveryMs = 30_000
/** KCL's leader lock lasts so long without a heartbeat. */
const leaderLastsMs = 120_000
const absentPollMs = 60_000

async function absentWithoutTable<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}
