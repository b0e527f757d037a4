import type { QueryNames } from '../../core/operation.ts'

/** What an exception is called in the Query protocol, and in the header by which newer protocols go on to tell that name. */
export const queryCode = (code: string, names: QueryNames): string =>
  names.errorCodes.get(code) ?? ofFrontEnd.get(code) ?? code

/** What the front end's exceptions are called in this protocol, in every service. */
const ofFrontEnd = new Map([
  ['ValidationException', 'ValidationError'],
  ['SerializationException', 'MalformedInput'],
  ['MissingAuthenticationTokenException', 'MissingAuthenticationToken'],
  ['IncompleteSignatureException', 'IncompleteSignature'],
  ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  ['UnrecognizedClientException', 'InvalidClientTokenId'],
  ['ExpiredTokenException', 'ExpiredToken'],
  ['AccessDeniedException', 'AccessDenied'],
  ['LimitExceededException', 'Throttling'],
])
