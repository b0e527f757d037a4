import { ObjectRefused } from '../../../../core/ports/objects.ts'
import { DeliveryFailed } from '../destination.ts'

/*
 * What AWS writes into the error log when S3 does not take an object, by S3's code [docs: monitoring with CloudWatch Logs].
 * What it has no sentence for is told in the words of S3 or the system. All of it is tried again, for 24 hours.
 */
const sentences: Readonly<Record<string, string>> = {
  'KMS.NotFoundException':
    'The provided AWS KMS key was not found. If you are using what you believe to be a valid AWS KMS key with the correct role, check if there is a problem with the account to which the AWS KMS key is attached.',
  'KMS.RequestLimitExceeded':
    'The KMS request per second limit was exceeded while attempting to encrypt S3 objects. Increase the request per second limit.',
  AccessDenied:
    'Access was denied. Ensure that the trust policy for the provided IAM role allows Kinesis Data Firehose to assume the role, and the access policy allows access to the S3 bucket.',
  AccountProblem:
    'There is a problem with your AWS account that prevents the operation from completing successfully. Contact AWS Support.',
  AllAccessDisabled: 'Access to the account provided has been disabled. Contact AWS Support.',
  InvalidPayer: 'Access to the account provided has been disabled. Contact AWS Support.',
  NotSignedUp: 'The account is not signed up for Amazon S3. Sign the account up or use a different account.',
  NoSuchBucket: 'The specified bucket does not exist. Create the bucket or use a different bucket that does exist.',
  MethodNotAllowed:
    'The specified method is not allowed against this resource. Modify the bucket’s policy to allow the correct Amazon S3 operation permissions.',
}

/** A store's error as a failed try; one that no store made is a defect. */
export function s3Failure(error: unknown): DeliveryFailed {
  if (!(error instanceof ObjectRefused))
    return new DeliveryFailed('InternalError', (error as Error).message, undefined, { cause: error })
  const { code, message } = error
  return new DeliveryFailed(`S3.${code}`, sentences[code] ?? message, undefined, { cause: error })
}
