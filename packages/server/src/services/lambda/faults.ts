import { AwsError } from '../../core/aws-error.ts'

/* AWS's sentences. Every error of Lambda says whose fault it is by a member `Type`. */

const byUser = { Type: 'User' }

/** Some errors of Lambda spell their message with a capital letter. */
const notFound = (Message: string) => new AwsError('ResourceNotFoundException', Message, 404, { ...byUser, Message })

export const invalidParameter = (message: string) =>
  new AwsError('InvalidParameterValueException', message, 400, byUser)

export const functionNotFound = (functionArn: string) => notFound(`Function not found: ${functionArn}`)

export const mappingNotFound = () => notFound('The resource you requested does not exist.')

export const functionDoesNotExist = () => invalidParameter('Function does not exist')

export const streamNotFound = (arn: string) => invalidParameter(`Stream not found: ${arn}`)

export const cannotAccess = (arn: string) =>
  invalidParameter(
    `Cannot access stream ${arn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, ` +
      'ListShards, and ListStreams Actions on your stream in IAM.',
  )

export const mappingExists = (eventSourceArn: string, functionName: string, uuid: string) =>
  new AwsError(
    'ResourceConflictException',
    `The event source arn (" ${eventSourceArn} ") and function (" ${functionName} ") provided mapping already exists. ` +
      `Please update or delete the existing mapping with UUID ${uuid}`,
    409,
    byUser,
  )

export function mappingInUse(verb: 'update' | 'delete'): AwsError {
  const Message = `Cannot ${verb} the event source mapping because it is in use.`
  return new AwsError('ResourceInUseException', Message, 400, { ...byUser, Message })
}

export const tooManyMappings = (max: number) =>
  new AwsError('ServiceQuotaExceededException', `There are ${max} event source mappings already.`, 402, byUser)

export const requestNotJson = (why: string) =>
  new AwsError('InvalidRequestContentException', `Could not parse request body into json: ${why}`, 400, byUser)

export const requestTooLarge = (sizeBytes: number, sizeBytesMax: number) =>
  new AwsError(
    'RequestTooLargeException',
    `${sizeBytes} byte payload is too large for the RequestResponse invocation type (limit ${sizeBytesMax} bytes)`,
    413,
    byUser,
  )

export const eventTooLarge = (sizeBytes: number, sizeBytesMax: number) =>
  new AwsError(
    'RequestTooLargeException',
    `${sizeBytes} byte payload is too large for the Event invocation type (limit ${sizeBytesMax} bytes)`,
    413,
    byUser,
  )

export const rateExceeded = () =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
    ...byUser,
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  })

/** A function behind a URL that did not answer. */
export function functionUnreachable(name: string, why: string): AwsError {
  const Message = `Function ${name} cannot be reached: ${why}`
  return new AwsError('ServiceException', Message, 502, { Type: 'Service', Message })
}

/** No call can name code to run: an operator does. */
export const functionsComeFromFile = (operation: string) =>
  new AwsError(
    'InvalidParameterValueException',
    `Millrace does not support ${operation}: functions are named in the file given to --functions, and are read when ` +
      'the server starts. See docs/lambda.md.',
    400,
    byUser,
  )
