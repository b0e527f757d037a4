import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { mappingResource, needsOnMapping } from '../access.ts'
import type { LambdaContext } from '../context.ts'
import { mappingInUse } from '../faults.ts'
import { isInTransition, mappingUuid } from '../mapping-input.ts'
import { mappingView } from '../mappings/mapping.ts'

export const deleteEventSourceMapping = operation({
  name: 'DeleteEventSourceMapping',
  audit: { eventName: 'DeleteEventSourceMapping20150331' },
  http: { method: 'DELETE', path: '/2015-03-31/event-source-mappings/{UUID}', status: 202 },
  input: structure({ UUID: mappingUuid }),
  resource: mappingResource,
  needs: (input, context: LambdaContext) => needsOnMapping(context, 'DeleteEventSourceMapping', input),
  async handle({ clock, mappings, place, runner }: LambdaContext, { UUID }) {
    const mapping = await mappings.update(UUID, (now) => {
      if (isInTransition(now)) throw mappingInUse('delete')
      return { ...now, state: 'Deleting', isEnabled: false, modifiedAtMs: clock.nowMs() }
    })
    return mappingView(mapping, place, runner.lastResult(UUID))
  },
})
