import { enumeration, optional, string, structure } from '../../core/shapes.ts'

/** How what was put is to be encrypted while it waits. */
export const encryptionInput = structure({
  KeyARN: optional(
    string({ min: 1, max: 512, pattern: 'arn:.*:kms:[a-zA-Z0-9\\-]+:\\d{12}:key/[a-zA-Z_0-9+=,.@\\-_/]+' }),
  ),
  KeyType: enumeration('AWS_OWNED_CMK', 'CUSTOMER_MANAGED_CMK'),
})
