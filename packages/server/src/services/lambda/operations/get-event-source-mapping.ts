import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { mappingResource, needsOnMapping } from '../access.ts'
import type { LambdaContext } from '../context.ts'
import { mappingUuid } from '../mapping-input.ts'
import { mappingView } from '../mappings/mapping.ts'

export const getEventSourceMapping = operation({
  name: 'GetEventSourceMapping',
  audit: { eventName: 'GetEventSourceMapping20150331' },
  http: { method: 'GET', path: '/2015-03-31/event-source-mappings/{UUID}' },
  input: structure({ UUID: mappingUuid }),
  resource: mappingResource,
  needs: (input, context: LambdaContext) => needsOnMapping(context, 'GetEventSourceMapping', input),
  async handle({ mappings, place, runner }: LambdaContext, { UUID }) {
    return mappingView(mappings.get(UUID), place, runner.lastResult(UUID))
  },
})
