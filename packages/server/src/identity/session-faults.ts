import { AwsError } from '../core/aws-error.ts'
import type { MalformedPolicy } from '../policies/malformed-policy.ts'

/* What STS says to whom it gives no keys, in AWS's words. */

export const notAuthorized = (callerArn: string, roleArn: string) =>
  new AwsError(
    'AccessDenied',
    `User: ${callerArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    403,
  )

export const sessionCallsSessionToken = () =>
  new AwsError('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403)

const invalid = (message: string) => new AwsError('ValidationError', message)

export const longerThanRole = () =>
  invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')

export const longerThanChain = () =>
  invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.')

/** The sentence is IAM's for a policy that cannot be attached. */
export const policyNotThere = (arn: string) => invalid(`Policy ${arn} does not exist or is not attachable.`)

export const malformedSessionPolicy = ({ message }: MalformedPolicy) => new AwsError('MalformedPolicyDocument', message)

export const packedTooLarge = (percent: number) =>
  new AwsError(
    'PackedPolicyTooLarge',
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  )

export const repeatedTag = () =>
  new AwsError('InvalidParameterValue', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.')

export const tagOfCallingSession = () =>
  new AwsError(
    'InvalidParameterValue',
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
  )

export const transitiveTagNotThere = () =>
  new AwsError('InvalidParameterValue', 'The specified transitive tag key must be included in the requested tags.')

/** Whoever began a chain of sessions said who is behind it: nobody in the chain may say otherwise. */
export const sourceIdentityChanged = (callerArn: string, roleArn: string) =>
  new AwsError(
    'AccessDenied',
    `User: ${callerArn} is not authorized to perform: sts:SetSourceIdentity on resource: ${roleArn}`,
    403,
  )
