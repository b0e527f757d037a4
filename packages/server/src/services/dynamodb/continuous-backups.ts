import { AwsError } from '../../core/aws-error.ts'
import type { DynamoDbContext } from './context.ts'
import type { Table } from './table.ts'

/**
 * `ContinuousBackupsDescription`. That point-in-time recovery is on is remembered and told, for clients that ask for it at
 * start; there is no restore: a copy of the data folder is the backup.
 */
export function continuousBackupsView({ clock }: DynamoDbContext, { pointInTimeRecovery: recovery }: Table) {
  const nowMs = clock.nowMs()
  const earliestMs = recovery && Math.max(recovery.enabledAtMs, nowMs - recovery.days * 24 * 3_600_000)
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: recovery ? 'ENABLED' : 'DISABLED',
        RecoveryPeriodInDays: recovery?.days,
        EarliestRestorableDateTime: earliestMs === undefined ? undefined : new Date(earliestMs),
        LatestRestorableDateTime: recovery && new Date(Math.max(recovery.enabledAtMs, nowMs - 5 * 60_000)),
      },
    },
  }
}

/** These calls alone have a name of their own for it. @throws TableNotFoundException */
export function checkTableIsThere({ tables }: DynamoDbContext, name: string): void {
  if (!tables.find(name)) throw new AwsError('TableNotFoundException', `Table not found: ${name}`)
}
