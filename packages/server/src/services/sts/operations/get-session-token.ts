import { operation } from '../../../core/operation.ts'
import { integer, optional, structure } from '../../../core/shapes.ts'
import type { StsContext } from '../context.ts'
import { noDevice } from '../faults.ts'
import { keysView } from '../keys-view.ts'
import { serialNumber, tokenCode } from '../members.ts'

/** Policies cannot forbid it on AWS: it only tells again who the caller is. */
export const getSessionToken = operation({
  name: 'GetSessionToken',
  input: structure({
    DurationSeconds: optional(integer({ min: 900, max: 129_600 })),
    SerialNumber: optional(serialNumber),
    TokenCode: optional(tokenCode),
  }),
  resource: () => undefined,
  needs: () => [],
  audit: { readOnly: true, tellsOutput: true },
  async handle({ credentials }: StsContext, { DurationSeconds = 43_200, SerialNumber, TokenCode }, { caller }) {
    if (SerialNumber !== undefined || TokenCode !== undefined) throw noDevice()
    return { Credentials: keysView(credentials.sessionToken(caller, DurationSeconds)) }
  },
})
