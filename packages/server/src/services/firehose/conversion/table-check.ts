import { AwsError, invalidArgument } from '../../../core/aws-error.ts'
import { tablesFor } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { glueAccessDenied } from '../faults.ts'
import { conversionOf } from './conversion-settings.ts'

/**
 * A table that records shall be converted to must be there when that is asked for, and to be read by its role.
 * @throws InvalidArgumentException
 */
export async function checkTable(
  context: FirehoseContext,
  { destination, name }: Pick<DeliveryStream, 'destination' | 'name'>,
): Promise<void> {
  const conversion = destination.kind === 'ExtendedS3' ? conversionOf(destination.settings) : undefined
  if (!conversion) return
  const { roleArn, table } = conversion
  const found = await tablesFor(context, name, roleArn)
    .find(table)
    .catch((error: unknown) => {
      const isDenied = error instanceof AwsError && error.code === 'AccessDeniedException'
      throw isDenied ? invalidArgument(glueAccessDenied(error.message)) : error
    })
  if (found) return
  const { databaseName, tableName, versionId = 'LATEST' } = table
  throw invalidArgument(
    `The table ${tableName} (version ${versionId}) of the database ${databaseName} cannot be read: EntityNotFoundException`,
  )
}
