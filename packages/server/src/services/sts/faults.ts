import { AwsError } from '../../core/aws-error.ts'

/** AWS's answer to a code that does not fit. Here none does: there are no devices. */
export const noDevice = () =>
  new AwsError(
    'AccessDenied',
    'MultiFactorAuthentication failed with invalid MFA one time pass code: Millrace has no MFA devices.',
    403,
  )
