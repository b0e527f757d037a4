import type { Clock } from '@millrace/ports'
import { type AwsKeys, signedPost } from './signed-post.ts'

export type AssumeRoleOptions = {
  readonly arn: string
  readonly externalId: string | undefined
  /** @default AWS's for the region */
  readonly endpoint: string | undefined
  readonly region: string
  /** Who assumes the role. @default AWS_ACCESS_KEY_ID and its companions */
  readonly credentials: AwsKeys | undefined
  readonly clock: Clock
}

const sessionName = 'AWSKinesisAgent'
const sessionSeconds = 3600

/** Credentials of a role, asked of STS when they are needed; the SDK asks again before they end. */
export function assumeRole(options: AssumeRoleOptions): () => Promise<AwsKeys & { expiration: Date }> {
  const { arn, externalId, region, clock } = options
  const url = options.endpoint ?? `https://sts.${region}.amazonaws.com`
  return async () => {
    const keys = options.credentials ?? environmentKeys()
    const body = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: arn,
      RoleSessionName: sessionName,
      DurationSeconds: String(sessionSeconds),
      ...(externalId && { ExternalId: externalId }),
    }).toString()
    const answer = await signedPost({ url, service: 'sts', region, keys, body, nowMs: clock.nowMs() })
    const member = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.text)?.[1]
    const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(member)
    if (!answer.isOk || !accessKeyId || !secretAccessKey)
      throw new Error(
        `AssumeRole of ${arn}: ${member('Code') ?? answer.status}: ${member('Message') ?? 'no credentials'}`,
      )
    const expiration = new Date(member('Expiration') ?? clock.nowMs() + sessionSeconds * 1000)
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }), expiration }
  }
}

/** @throws Error when there are none */
function environmentKeys(): AwsKeys {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error('assumeRoleARN needs awsAccessKeyId and awsSecretAccessKey, or AWS_ACCESS_KEY_ID and its companion')
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  }
}
