import type { ConditionKeys, Need } from '../../core/access.ts'
import { arnOfResource, path } from '../../core/needs.ts'
import type { StreamReader } from '../../core/ports/streams.ts'
import { RoleStreamReader, type RoleStreamReaderParts, readingNeeds } from '../../core/role-stream-reader.ts'
import type { LambdaContext } from './context.ts'
import { cannotAccess } from './faults.ts'
import { functionResource } from './function-name.ts'
import type { FunctionDefinition } from './functions/function-definition.ts'

/* What calls about event source mappings need: [service authorization reference]. */

export const mappingResource = ({ UUID }: { readonly UUID: string }) => path`event-source-mapping:${UUID}`

/** An action on a mapping; conditions may ask for the function that it feeds, and for the one that it shall feed. */
export function needsOnMapping(
  context: LambdaContext,
  action: string,
  input: { readonly UUID: string; readonly FunctionName?: string | undefined },
): Need[] {
  const resource = arnOfResource(context.place, 'lambda', mappingResource(input))
  const fed = context.mappings.find(input.UUID)?.functionName
  const names = input.FunctionName === undefined ? [fed] : [fed, input.FunctionName]
  return names.map((name) => ({ action: `lambda:${action}`, resource, keys: functionArnKeys(context, name) }))
}

/** Of a request that names a function without being on it. */
export function functionArnKeys(context: LambdaContext, FunctionName: string | undefined): ConditionKeys {
  const named = functionResource({ FunctionName }, context)
  return new Map(named === undefined ? [] : [['lambda:functionarn', [named]]])
}

/** Whom the roles of functions must trust. */
const servicePrincipal = 'lambda.amazonaws.com'

type Reading = Pick<LambdaContext, 'roles' | 'streams'>

/** Reads a mapping's source as its function's role may. */
export const readerFor = (
  { clock, roles, streams }: Reading & Pick<LambdaContext, 'clock'>,
  { name, role }: FunctionDefinition,
  sourceArn: string,
  onRefused: RoleStreamReaderParts['onRefused'],
): StreamReader =>
  roles ? new RoleStreamReader({ streams, roles, clock, actor: actorOf(name, role), sourceArn, onRefused }) : streams

/** @throws InvalidParameterValueException where the function's role may not read the source */
export function checkMayRead({ roles }: Reading, { name, role }: FunctionDefinition, sourceArn: string): void {
  if (roles && roles.refusal(actorOf(name, role), readingNeeds(sourceArn)) !== undefined) throw cannotAccess(sourceArn)
}

const actorOf = (sessionName: string, roleArn: string) => ({ roleArn, service: servicePrincipal, sessionName })
