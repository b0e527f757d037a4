import { AwsError, validationError } from '../../core/aws-error.ts'
import type { Item } from './attribute-value.ts'
import type { ItemKey } from './item-key.ts'
import type { Table } from './table.ts'

/** Items that one transaction may concern. */
export const transactionItemsMax = 100

/** Bytes of all items of one transaction. */
export const transactionBytesMax = 4 * 1024 * 1024

export type Reason = { readonly Code: string; readonly Message?: string; readonly Item?: Item | undefined }

export const noReason: Reason = { Code: 'None' }

/** Why one item would not have it: what its write alone would have said. */
export function reasonOf(error: unknown): Reason {
  if (!(error instanceof AwsError)) throw error
  const { code, message, members } = error
  if (code === 'ConditionalCheckFailedException')
    return { Code: 'ConditionalCheckFailed', Message: message, Item: members?.Item as Item | undefined }
  if (code === 'ValidationException') return { Code: 'ValidationError', Message: message }
  if (code === 'ItemCollectionSizeLimitExceededException')
    return { Code: 'ItemCollectionSizeLimitExceeded', Message: message }
  throw error
}

/** `reasons` in the order of the items. Clients read the message under either name. */
export function transactionCancelled(reasons: readonly Reason[]): AwsError {
  const message =
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
    `[${reasons.map(({ Code }) => Code).join(', ')}]`
  return new AwsError('TransactionCanceledException', message, 400, { Message: message, CancellationReasons: reasons })
}

/** No two writes of a transaction may concern one item. @throws ValidationException */
export function checkDistinctItems(items: readonly { readonly table: Table; readonly key: ItemKey }[]): void {
  const places = items.map(({ table, key }) => JSON.stringify([table.id, key.partition, key.sort]))
  if (new Set(places).size < places.length)
    throw validationError('Transaction request cannot include multiple operations on one item')
}
