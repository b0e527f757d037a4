import type { Place } from '../../core/arn.ts'
import { arn } from '../../core/arn.ts'
import { string } from '../../core/shapes.ts'
import { functionNotFound } from './faults.ts'
import type { FunctionTable, HeldFunction } from './functions/function-table.ts'

/** AWS's pattern: name, partial ARN or ARN, each perhaps with a version or an alias. */
const pattern =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?' +
  '(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'

export const functionName = string({ min: 1, max: 256, pattern })

export type NamedFunction = {
  readonly name: string
  readonly qualifier: string | undefined
  readonly place: Place
  readonly isElsewhere: boolean
}

/**
 * Takes apart `name`, `name:qualifier`, `123456789012:function:name`, `arn:aws:lambda:…:function:name:qualifier`.
 * `isElsewhere`: it names another account or region.
 */
export function parseFunctionName(text: string, { accountId, region }: Place): NamedFunction {
  const found =
    /^(?:arn:[^:]+:lambda:)?(?:([a-z]+(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([^:]+)(?::(.+))?$/.exec(text)
  const [, namedRegion, namedAccount, name = text, qualifier] = found ?? []
  const place = { accountId: namedAccount ?? accountId, region: namedRegion ?? region }
  return { name, qualifier, place, isElsewhere: place.region !== region || place.accountId !== accountId }
}

/**
 * For `resource` of operations: the ARN of the function, however it is named. `$LATEST` is the function itself: what is
 * refused for the one is not to be had by the other.
 */
export function functionResource(
  { FunctionName, Qualifier }: { readonly FunctionName?: string | undefined; readonly Qualifier?: string | undefined },
  { place }: { readonly place: Place },
): string | undefined {
  if (FunctionName === undefined) return undefined
  const { name, qualifier = Qualifier, place: named } = parseFunctionName(FunctionName, place)
  return arn(
    named,
    'lambda',
    `function:${name}${qualifier === undefined || qualifier === '$LATEST' ? '' : `:${qualifier}`}`,
  )
}

type Parts = { readonly place: Place; readonly functions: FunctionTable }

/** The function that an operation names: there is one version of each, `$LATEST`. @throws ResourceNotFoundException */
export function functionOf({ functions, place }: Parts, text: string, Qualifier?: string): HeldFunction {
  const { name, qualifier = Qualifier, isElsewhere } = parseFunctionName(text, place)
  const found = isElsewhere ? undefined : functions.find(name)
  if (!found || (qualifier !== undefined && qualifier !== '$LATEST'))
    throw functionNotFound(arn(place, 'lambda', `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`))
  return found
}
