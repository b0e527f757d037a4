import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { enumeration, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamReference, streamResource } from '../members.ts'

export const stopStreamEncryption = operation({
  name: 'StopStreamEncryption',
  input: structure({
    ...streamReference,
    EncryptionType: enumeration('KMS', 'NONE'),
    KeyId: string({ min: 1, max: 2048 }),
  }),
  resource: streamResource,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('StopStreamEncryption', 'the release that brings security')
  },
})
