import { operation } from '../../../core/operation.ts'
import { enumeration, optional, string, structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionView } from '../functions/function-table.ts'
import { marker, maxItems, pageOf } from '../members.ts'

/** Functions of one page. */
const pageMax = 50

export const listFunctions = operation({
  name: 'ListFunctions',
  audit: { eventName: 'ListFunctions20150331' },
  http: {
    method: 'GET',
    path: '/2015-03-31/functions',
    query: {
      MasterRegion: 'MasterRegion',
      FunctionVersion: 'FunctionVersion',
      Marker: 'Marker',
      MaxItems: 'MaxItems',
    },
  },
  input: structure({
    MasterRegion: optional(string({ pattern: 'ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}' })),
    FunctionVersion: optional(enumeration('ALL')),
    Marker: optional(marker),
    MaxItems: optional(maxItems),
  }),
  resource: () => undefined,
  async handle({ functions }: LambdaContext, { Marker, MaxItems }) {
    const { page, next } = pageOf(
      functions.all(),
      ({ definition }) => definition.name,
      Marker,
      MaxItems ?? pageMax,
      pageMax,
    )
    return {
      Functions: page.map((held) => functionView(held, functions.startedAtMs)),
      ...(next !== undefined && { NextMarker: next }),
    }
  },
})
