import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { parseFunctionName } from '../function-name.ts'
import { functionName, sourceArn } from '../mapping-input.ts'
import { mappingView } from '../mappings/mapping.ts'
import { marker, maxItems, pageOf } from '../members.ts'

/** Mappings of one page. */
const pageMax = 100

export const listEventSourceMappings = operation({
  name: 'ListEventSourceMappings',
  audit: { eventName: 'ListEventSourceMappings20150331' },
  http: {
    method: 'GET',
    path: '/2015-03-31/event-source-mappings',
    query: {
      EventSourceArn: 'EventSourceArn',
      FunctionName: 'FunctionName',
      Marker: 'Marker',
      MaxItems: 'MaxItems',
    },
  },
  input: structure({
    EventSourceArn: optional(sourceArn),
    FunctionName: optional(functionName),
    Marker: optional(marker),
    MaxItems: optional(maxItems),
  }),
  resource: () => undefined,
  async handle({ mappings, place, runner }: LambdaContext, { EventSourceArn, FunctionName, Marker, MaxItems }) {
    const name = FunctionName === undefined ? undefined : parseFunctionName(FunctionName, place).name
    const found = mappings
      .all()
      .filter(({ eventSourceArn }) => EventSourceArn === undefined || eventSourceArn === EventSourceArn)
      .filter(({ functionName }) => name === undefined || functionName === name)
    const { page, next } = pageOf(found, ({ uuid }) => uuid, Marker, MaxItems ?? pageMax, pageMax)
    return {
      EventSourceMappings: page.map((mapping) => mappingView(mapping, place, runner.lastResult(mapping.uuid))),
      ...(next !== undefined && { NextMarker: next }),
    }
  },
})
