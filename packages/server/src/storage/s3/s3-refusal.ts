import { ObjectRefused } from '../../core/ports/objects.ts'

/** What the SDK throws: an answer of the service, or why there was none. */
type SdkError = Error & {
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** Why nothing was answered, by what the system or the SDK calls it. */
const withoutAnswer: Readonly<Record<string, string>> = {
  AbortError: 'Aborted',
  CredentialsProviderError: 'NoCredentials',
  TimeoutError: 'Timeout',
  ETIMEDOUT: 'Timeout',
  ECONNREFUSED: 'ConnectionFailed',
  ECONNRESET: 'ConnectionReset',
  EPIPE: 'ConnectionReset',
  EHOSTUNREACH: 'ConnectionFailed',
  ENETUNREACH: 'ConnectionFailed',
  ENOTFOUND: 'UnknownHost',
  EAI_AGAIN: 'UnknownHost',
}

/** The SDK's error as a refusal with S3's own code, and what S3 or the system said. */
export function refusalOf(thrown: unknown): ObjectRefused {
  const error = thrown as SdkError
  const code = codeOf(error)
  return new ObjectRefused(code, error.message || code, { cause: error })
}

function codeOf({ $metadata, code, name }: SdkError): string {
  const silent = withoutAnswer[code ?? ''] ?? withoutAnswer[name]
  if (silent !== undefined) return silent
  const status = $metadata?.httpStatusCode
  // A service that says nothing in its body is named by the SDK for its status, or not at all.
  if (!/^[A-Z][A-Za-z.]+$/.test(name) || name === 'Error' || name === 'UnknownError')
    return status === undefined ? 'InternalError' : `Status${status}`
  return name
}
