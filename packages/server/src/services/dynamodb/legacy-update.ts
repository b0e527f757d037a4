import { validationError } from '../../core/aws-error.ts'
import { type AttributeValue, soundValue, typeOf } from './attribute-value.ts'
import type { Update, UpdateAction } from './update.ts'

/** AttributeUpdates: an action for each attribute, from before there were expressions. */
export type AttributeUpdate = {
  readonly Value?: AttributeValue | undefined
  readonly Action?: 'ADD' | 'PUT' | 'DELETE' | undefined
}

/** AttributeUpdates as an update. @throws ValidationException */
export const attributeUpdates = (updates: ReadonlyMap<string, AttributeUpdate>): Update =>
  [...updates].map(([name, update]) => action(name, update))

function action(name: string, { Action: kind = 'PUT', Value: raw }: AttributeUpdate): UpdateAction {
  const value = raw && soundValue(raw)
  if (value === undefined) {
    if (kind === 'DELETE') return { kind: 'REMOVE', path: [name] }
    throw invalid(`Only DELETE action is allowed when no attribute value is specified`)
  }
  const type = typeOf(value)
  switch (kind) {
    case 'PUT':
      return { kind: 'SET', path: [name], operand: { kind: 'value', value } }
    case 'ADD':
      if (!['N', 'SS', 'NS', 'BS', 'L'].includes(type))
        throw invalid(`ADD action is not supported for the type ${type}`)
      return { kind, path: [name], value, appendsLists: true }
    case 'DELETE':
      if (!['SS', 'NS', 'BS'].includes(type)) throw invalid(`DELETE action is not supported for the type ${type}`)
      return { kind, path: [name], value }
  }
}

const invalid = (sentence: string) => validationError(`One or more parameter values were invalid: ${sentence}`)
