import { invalidArgument } from '../../../core/aws-error.ts'
import type { FirehoseContext } from '../context.ts'
import type { DestinationSettings } from '../settings/settings.ts'
import { conversionOf } from './conversion-settings.ts'

/** A table that records shall be converted to must be there when that is asked for. @throws InvalidArgumentException */
export async function checkTable({ tables }: FirehoseContext, destination: DestinationSettings): Promise<void> {
  if (destination.kind !== 'ExtendedS3') return
  const table = conversionOf(destination.settings)?.table
  if (!table || (await tables.find(table))) return
  const { databaseName, tableName, versionId = 'LATEST' } = table
  throw invalidArgument(
    `The table ${tableName} (version ${versionId}) of the database ${databaseName} cannot be read: EntityNotFoundException`,
  )
}
