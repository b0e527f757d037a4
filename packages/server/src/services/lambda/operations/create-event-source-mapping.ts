import { parseArn } from '../../../core/arn.ts'
import { arnOfResource, requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import {
  constraintsBroken,
  enumeration,
  optional,
  stringMap,
  structure,
  timestamp,
  violation,
} from '../../../core/shapes.ts'
import { checkMayRead, functionArnKeys } from '../access.ts'
import type { LambdaContext } from '../context.ts'
import { functionDoesNotExist, invalidParameter, mappingExists, streamNotFound, tooManyMappings } from '../faults.ts'
import { parseFunctionName } from '../function-name.ts'
import { mappingCountMax } from '../limits.ts'
import { functionName, settingsInput, settingsOf, sourceArn } from '../mapping-input.ts'
import { type Mapping, mappingView, standardSettings } from '../mappings/mapping.ts'

export const createEventSourceMapping = operation({
  name: 'CreateEventSourceMapping',
  audit: { eventName: 'CreateEventSourceMapping20150331' },
  http: { method: 'POST', path: '/2015-03-31/event-source-mappings', status: 202 },
  input: structure({
    ...settingsInput,
    EventSourceArn: optional(sourceArn),
    FunctionName: functionName,
    StartingPosition: optional(enumeration('TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP')),
    StartingPositionTimestamp: optional(timestamp()),
    Tags: optional(stringMap({ min: 1, max: 128 }, { min: 0, max: 256 })),
  }),
  resource: () => undefined,
  needs(input, context: LambdaContext) {
    const keys = functionArnKeys(context, input.FunctionName)
    const tagKeys = requestTagKeys(input.Tags ?? [])
    const resource = arnOfResource(context.place, 'lambda', 'event-source-mapping:*')
    return [
      { action: 'lambda:CreateEventSourceMapping', resource: '*', keys },
      ...(tagKeys.size === 0 ? [] : [{ action: 'lambda:TagResource', resource, keys: tagKeys }]),
    ]
  },
  async handle(context: LambdaContext, input) {
    const { clock, functions, mappings, objects, place, random, runner, streams } = context
    const { EventSourceArn, StartingPosition, StartingPositionTimestamp } = input
    checkSource(EventSourceArn)
    if (StartingPosition === undefined)
      throw constraintsBroken([violation(null, 'startingPosition', 'Member must not be null')])
    const startingTimestampMs = timestampOf(StartingPosition, StartingPositionTimestamp, clock.nowMs())
    const settings = settingsOf(input, standardSettings, objects !== undefined)
    const { isElsewhere, name, qualifier } = parseFunctionName(input.FunctionName, place)
    const called = isElsewhere ? undefined : functions.find(name)
    if (!called || (qualifier !== undefined && qualifier !== '$LATEST')) throw functionDoesNotExist()
    checkMayRead(context, called.definition, EventSourceArn)
    if (!streams.find(EventSourceArn)) throw streamNotFound(EventSourceArn)
    const mapping: Mapping = {
      ...settings,
      uuid: random.uuid(),
      eventSourceArn: EventSourceArn,
      functionName: name,
      startingPosition: StartingPosition,
      ...(startingTimestampMs !== undefined && { startingTimestampMs }),
      state: 'Creating',
      isEnabled: input.Enabled ?? true,
      modifiedAtMs: clock.nowMs(),
      tags: Object.fromEntries(input.Tags ?? []),
    }
    await mappings.create(mapping, (others) => {
      const same = others.find((other) => other.eventSourceArn === EventSourceArn && other.functionName === name)
      if (same) throw mappingExists(EventSourceArn, name, same.uuid)
      if (others.length >= mappingCountMax) throw tooManyMappings(mappingCountMax)
    })
    return mappingView(mapping, place, runner.lastResult(mapping.uuid))
  },
})

/** @throws InvalidParameterValueException */
function checkSource(eventSourceArn: string | undefined): asserts eventSourceArn is string {
  const service = eventSourceArn === undefined ? undefined : parseArn(eventSourceArn)?.service
  if (service === undefined) throw invalidParameter('Unrecognized event source.')
  if (service !== 'kinesis')
    throw invalidParameter(`Unrecognized event source. Millrace reads streams and their consumers, not ${service}.`)
}

/** @throws InvalidParameterValueException */
function timestampOf(position: string, timestamp: Date | undefined, nowMs: number): number | undefined {
  if (position !== 'AT_TIMESTAMP') {
    if (timestamp === undefined) return undefined
    throw invalidParameter('Unsupported StartingPositionTimestamp: it is for StartingPosition AT_TIMESTAMP.')
  }
  if (timestamp === undefined)
    throw invalidParameter('StartingPositionTimestamp is required for StartingPosition AT_TIMESTAMP.')
  if (timestamp.getTime() > nowMs) throw invalidParameter('StartingPositionTimestamp cannot be in the future.')
  return timestamp.getTime()
}
