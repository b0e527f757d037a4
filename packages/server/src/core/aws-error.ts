/**
 * An answer that AWS would give to a caller's mistake, or to a fault of ours. The protocol renders it; nothing else
 * knows how an error looks on the wire.
 */
export class AwsError extends Error {
  /** AWS's exception name, e.g. `ResourceNotFoundException`: `__type` in the body. */
  readonly code: string
  /** HTTP status: 400 for the caller's mistakes, 500 and 503 for ours. */
  readonly status: number
  /** What the answer carries beside the message, e.g. the `Item` of a failed condition. */
  readonly members: Readonly<Record<string, unknown>> | undefined

  constructor(code: string, message: string, status = 400, members?: Readonly<Record<string, unknown>>) {
    super(message)
    this.name = code
    this.code = code
    this.status = status
    this.members = members
  }
}

export const internalFailure = () => new AwsError('InternalFailure', 'Internal Service Failure', 500)

export const invalidArgument = (message: string) => new AwsError('InvalidArgumentException', message)

export const validationError = (message: string) => new AwsError('ValidationException', message)

export const limitExceeded = (message: string) => new AwsError('LimitExceededException', message)

/** For what Millrace does not do yet: an honest answer instead of a wrong one. */
export const notImplemented = (operation: string, until: string) =>
  new AwsError(
    'UnsupportedOperationException',
    `Millrace does not support ${operation} yet: it comes with ${until}.`,
    501,
  )

/** AWS's answer to a request that would have succeeded but asked for `DryRun`. */
export const dryRunSucceeded = (operation: string) =>
  new AwsError(
    'DryRunOperationException',
    `DryRunOperation validation succeeded while calling ${operation} operation.: ` +
      'Request would have succeeded, but DryRun flag is set.',
  )
