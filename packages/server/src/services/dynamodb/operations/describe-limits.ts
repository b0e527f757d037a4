import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'

/** AWS's first quotas. Provisioned numbers are remembered and limit nothing. */
export const describeLimits = operation({
  name: 'DescribeLimits',
  input: structure({}),
  resource: () => undefined,
  async handle(_: DynamoDbContext) {
    return {
      AccountMaxReadCapacityUnits: 80_000,
      AccountMaxWriteCapacityUnits: 80_000,
      TableMaxReadCapacityUnits: 40_000,
      TableMaxWriteCapacityUnits: 40_000,
    }
  },
})
