import { AwsError } from '../../core/aws-error.ts'

/* What AWS Glue answers when it cannot do what is asked. Sentences marked ours are not known from AWS. */

const entityNotFound = (message: string) => new AwsError('EntityNotFoundException', message)
const alreadyExists = (message: string) => new AwsError('AlreadyExistsException', message)

export const invalidInput = (message: string) => new AwsError('InvalidInputException', message)

export const databaseNotFound = (name: string) => entityNotFound(`Database ${name} not found.`)

/** The same for whatever table it is. */
export const tableNotFound = () => entityNotFound('Entity Not Found')

export const partitionNotFound = () => entityNotFound('Cannot find partition.')

/** Ours. */
export const versionNotFound = (tableName: string, versionId: string) =>
  entityNotFound(`Version ${versionId} of table ${tableName} not found.`)

/** Ours: there is one catalog, the account's. */
export const catalogNotFound = (catalogId: string) => entityNotFound(`Catalog ${catalogId} not found.`)

export const databaseExists = () => alreadyExists('Database already exists.')

export const tableExists = () => alreadyExists('Table already exists.')

/** Ours. */
export const versionConflict = (tableName: string) =>
  new AwsError('ConcurrentModificationException', `Update table failed due to concurrent modifications: ${tableName}`)

/** Ours. */
export const tooMany = (what: string, max: number) =>
  new AwsError('ResourceNumberLimitExceededException', `The number of ${what} exceeds ${max}.`)

/** Ours. */
export const isSchemaFile = (path: string) =>
  invalidInput(`This table is read from the schema file ${path}, and is changed there.`)
