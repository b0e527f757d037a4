import { boolean, integer, list, optional, type Shape, string, structure } from '../../../core/shapes.ts'

/* What the settings of many destinations have in common, with AWS's constraints [SDK model]. */

export const deliveryStreamName = string({ min: 1, max: 64, pattern: '[a-zA-Z0-9_.-]+' })
export const roleArn = string({ min: 1, max: 512, pattern: 'arn:.*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+' })
export const bucketArn = string({ min: 1, max: 2048, pattern: 'arn:.*:s3:::[\\w\\.\\-]{1,255}' })
export const kmsKeyArn = string({
  min: 1,
  max: 512,
  pattern: 'arn:.*:kms:[a-zA-Z0-9\\-]+:\\d{12}:(key|alias)/[a-zA-Z_0-9+=,.@\\-_/]+',
})
export const nonBlank = string({ min: 1, max: 1024, pattern: '^(?!\\s*$).+' })
export const withoutSpaces = string({ min: 1, max: 1024, pattern: '^\\S+$' })

/** How long a destination is tried again, in seconds. */
export const retryOptions = structure({ DurationInSeconds: optional(integer({ min: 0, max: 7200 })) })

/** A destination's own bounds of what is collected before it is delivered. */
export const bufferingHints = (sizeMBsMax: number, intervalSecondsMax: number) =>
  structure({
    SizeInMBs: optional(integer({ min: 1, max: sizeMBsMax })),
    IntervalInSeconds: optional(integer({ min: 0, max: intervalSecondsMax })),
  })

export const cloudWatchLoggingOptions = structure({
  Enabled: optional(boolean()),
  LogGroupName: optional(string({ min: 0, max: 512, pattern: '[\\.\\-_/#A-Za-z0-9]*' })),
  LogStreamName: optional(string({ min: 0, max: 512, pattern: '[^:*]*' })),
})

export const secretsManagerConfiguration = structure({
  SecretARN: optional(
    string({
      min: 1,
      max: 2048,
      pattern: 'arn:.*:secretsmanager:[a-zA-Z0-9\\-]+:\\d{12}:secret:[a-zA-Z0-9\\-/_+=.@!]+',
    }),
  ),
  RoleARN: optional(roleArn),
  Enabled: boolean(),
})

export const vpcConfiguration = structure({
  SubnetIds: listOfIds(16),
  RoleARN: roleArn,
  SecurityGroupIds: listOfIds(5),
})

function listOfIds(max: number) {
  return list(withoutSpaces, { min: 1, max })
}

/** The same members for an update, where whatever is left out stays as it is. */
export function allOptional<M extends Record<string, Shape<unknown>>>(
  members: M,
): { [K in keyof M]: M[K] extends Shape<infer T> ? Shape<T | undefined> : never } {
  return Object.fromEntries(
    Object.entries(members).map(([name, shape]) => [name, shape.required ? optional(shape) : shape]),
  ) as never
}

export const kinesisStreamArn = string({
  min: 1,
  max: 512,
  pattern: 'arn:.*:kinesis:[a-zA-Z0-9\\-]+:\\d{12}:stream/[a-zA-Z0-9_.-]+',
})
