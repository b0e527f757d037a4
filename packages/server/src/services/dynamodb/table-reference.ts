import { validationError } from '../../core/aws-error.ts'
import type { DynamoDbContext } from './context.ts'
import { resourceOfArnNotFound } from './faults.ts'
import type { Table } from './table.ts'
import { tableArnOf } from './table-view.ts'

/** The table that a ResourceArn names. @throws ValidationException, ResourceNotFoundException */
export function tableOfArn(context: DynamoDbContext, resourceArn: string): Table {
  const name = /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/([a-zA-Z0-9_.-]+)$/.exec(resourceArn)?.[1]
  if (name === undefined)
    throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${resourceArn}`)
  const table = context.tables.find(name)
  if (!table || tableArnOf(context, table) !== resourceArn) throw resourceOfArnNotFound(resourceArn)
  return table
}
