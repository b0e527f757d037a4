import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'

export const describeEndpoints = operation({
  name: 'DescribeEndpoints',
  input: structure({}),
  resource: () => undefined,
  async handle({ endpointUrl }: DynamoDbContext) {
    const Address = new URL(endpointUrl() ?? 'http://localhost').host
    return { Endpoints: [{ Address, CachePeriodInMinutes: 1440 }] }
  },
})
