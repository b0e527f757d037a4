import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { mappingResource, needsOnMapping } from '../access.ts'
import type { LambdaContext } from '../context.ts'
import { functionDoesNotExist, mappingInUse } from '../faults.ts'
import { parseFunctionName } from '../function-name.ts'
import {
  functionName,
  isInTransition,
  mappingUuid,
  type SettingsInput,
  settingsInput,
  settingsOf,
} from '../mapping-input.ts'
import { type Mapping, type MappingState, mappingView } from '../mappings/mapping.ts'

export const updateEventSourceMapping = operation({
  name: 'UpdateEventSourceMapping',
  audit: { eventName: 'UpdateEventSourceMapping20150331' },
  http: { method: 'PUT', path: '/2015-03-31/event-source-mappings/{UUID}', status: 202 },
  input: structure({ UUID: mappingUuid, FunctionName: optional(functionName), ...settingsInput }),
  resource: mappingResource,
  needs: (input, context: LambdaContext) => needsOnMapping(context, 'UpdateEventSourceMapping', input),
  async handle({ clock, functions, mappings, objects, place, runner }: LambdaContext, input) {
    const { FunctionName, UUID } = input
    const named = FunctionName === undefined ? undefined : parseFunctionName(FunctionName, place)
    const mapping = await mappings.update(UUID, (now) => {
      if (isInTransition(now)) throw mappingInUse('update')
      const next = changed(now, input, named?.name ?? now.functionName, clock.nowMs(), objects !== undefined)
      if (named && (named.isElsewhere || !functions.find(named.name))) throw functionDoesNotExist()
      return next
    })
    return mappingView(mapping, place, runner.lastResult(UUID))
  },
})

function changed(now: Mapping, input: SettingsInput, name: string, nowMs: number, hasBuckets: boolean): Mapping {
  const isEnabled = input.Enabled ?? now.isEnabled
  const { onFailureArn: _arn, filters: _filters, ...rest } = now
  const settings = settingsOf(input, now, hasBuckets)
  const state: MappingState = isEnabled === now.isEnabled ? 'Updating' : isEnabled ? 'Enabling' : 'Disabling'
  return { ...rest, ...settings, functionName: name, isEnabled, state, modifiedAtMs: nowMs }
}
