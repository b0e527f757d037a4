import { AwsError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { StsContext } from '../context.ts'

export const getAccessKeyInfo = operation({
  name: 'GetAccessKeyInfo',
  input: structure({ AccessKeyId: string({ min: 16, max: 128, pattern: '[\\w]*' }) }),
  resource: () => undefined,
  audit: { readOnly: true },
  async handle({ credentials }: StsContext, { AccessKeyId }) {
    const Account = credentials.accountOf(AccessKeyId)
    if (Account === undefined) throw new AwsError('ValidationError', 'The access key ID does not exist.')
    return { Account }
  },
})
