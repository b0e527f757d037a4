import { AwsError, limitExceeded, validationError } from '../../core/aws-error.ts'
import type { Item } from './attribute-value.ts'

/* AWS's sentences about tables and items, each said once; those about values and expressions stand where they are read. */

const notFound = (message: string) => new AwsError('ResourceNotFoundException', message)
const inUse = (message: string) => new AwsError('ResourceInUseException', message)

/** For calls about items. */
export const resourceNotFound = () => notFound('Requested resource not found')

/** For calls about tables. */
export const tableNotFound = (name: string) => notFound(`Requested resource not found: Table: ${name} not found`)

export const resourceOfArnNotFound = (resourceArn: string) =>
  notFound(`Requested resource not found: ResourcArn: ${resourceArn} not found`) // AWS's spelling

export const tableExists = (name: string) => inUse(`Table already exists: ${name}`)

export const tableNotActive = (name: string, status: 'CREATING' | 'UPDATING' | 'DELETING') => {
  const done = { CREATING: 'created', UPDATING: 'updated', DELETING: 'deleted' }[status]
  return inUse(`Attempt to change a resource which is still in use: Table is being ${done}: ${name}`)
}

export const indexNotFound = (name: string) => validationError(`The table does not have the specified index: ${name}`)

/** For UpdateTable. */
export const indexNotFoundForUpdate = (name: string) =>
  notFound(`Requested resource not found: Index: ${name} not found`)

export const indexNotReady = (table: string, name: string) =>
  inUse(`Attempt to change a resource which is still in use: Index is being created or deleted: ${table}, ${name}`)

export const indexIsBackfilling = (name: string) =>
  validationError(`Cannot read from backfilling global secondary index: ${name}`)

export const deletionProtected = () =>
  validationError(
    'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
  )

export const tooManyTables = (max: number) =>
  limitExceeded(`Subscriber limit exceeded: Number of tables may not exceed ${max}`)

export const oneIndexAtATime = () =>
  limitExceeded('Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table')

/** `item` is what the condition met, for a call that asked to be told. */
export const conditionFailed = (item?: Item | undefined) =>
  new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, item && { Item: item })

export const keyDoesNotMatch = () => validationError('The provided key element does not match the schema')

/** One or more parameter values were invalid: … */
export const invalidValue = (sentence: string) =>
  validationError(`One or more parameter values were invalid: ${sentence}`)

/** Ours alone: AWS has no such bound. The name is one that clients know for a 400 which is not worth trying again. */
export const tablesAreFull = (bytesMax: number) =>
  new AwsError(
    'ItemCollectionSizeLimitExceededException',
    `Millrace keeps tables in memory, and they may hold ${bytesMax} bytes in all: delete items, or start the server ` +
      'with a larger --table-bytes-max.',
  )

export const unsupported = (what: string) => validationError(`Millrace does not support ${what} of DynamoDB tables.`)
