import assert from 'node:assert/strict'
import type { ConditionKeys, Need } from '../../core/access.ts'
import { arnOfResource, passRole, path } from '../../core/needs.ts'
import type { FunctionInvoker } from '../../core/ports/functions.ts'
import type { TableSchemas } from '../../core/ports/tables.ts'
import type { RoleActor } from '../../core/role-access.ts'
import { RoleFunctionInvoker } from '../../core/role-function-invoker.ts'
import { readingNeeds } from '../../core/role-stream-reader.ts'
import { RoleTableSchemas } from '../../core/role-table-schemas.ts'
import type { FirehoseContext } from './context.ts'
import type { DeliverySource } from './delivery-stream.ts'
import { cannotAssume, roleNotAuthorized } from './faults.ts'
import type { DestinationSettings } from './settings/settings.ts'

/* What calls of Firehose need: [service authorization reference]. */

/** Whom the roles that Firehose acts by must trust. */
export const servicePrincipal = 'firehose.amazonaws.com'

/** For `resource` of operations. */
export const deliveryStreamResource = ({ DeliveryStreamName }: { readonly DeliveryStreamName: string }) =>
  path`deliverystream/${DeliveryStreamName}`

/** An action of Firehose on a delivery stream. */
export const needOn = (
  { place }: Pick<FirehoseContext, 'place'>,
  action: string,
  input: { readonly DeliveryStreamName: string },
  keys?: ConditionKeys,
): Need => ({
  action: `firehose:${action}`,
  resource: arnOfResource(place, 'firehose', deliveryStreamResource(input)),
  ...(keys && { keys }),
})

/** Each role that settings name, once: whoever hands it to Firehose must be allowed to. */
export const rolesPassed = (settings: unknown): Need[] =>
  [...new Set(rolesIn(settings))].map((role) => passRole(role, servicePrincipal))

/** @throws InvalidArgumentException for a role that Firehose cannot act by */
export function checkRoles({ roles }: Pick<FirehoseContext, 'roles'>, settings: unknown): void {
  const wrong = roles && rolesIn(settings).find((roleArn) => !roles.mayAssume({ roleArn, service: servicePrincipal }))
  if (wrong !== undefined) throw cannotAssume(wrong)
}

/** @throws InvalidArgumentException where the role of a source may not read it */
export function checkSourceRole({ roles }: Pick<FirehoseContext, 'roles'>, name: string, source: DeliverySource): void {
  if (!roles || source.type !== 'KinesisStreamAsSource') return
  const actor = actorOf(name, source.roleArn)
  const missing = readingNeeds(source.streamArn).find((need) => roles.refusal(actor, [need]) !== undefined)
  if (missing) throw roleNotAuthorized(source.roleArn, missing.action, missing.resource)
}

/** Whoever acts for a delivery stream by one of its roles. */
export const actorOf = (deliveryStream: string, roleArn: string): RoleActor => ({
  roleArn,
  service: servicePrincipal,
  sessionName: deliveryStream,
})

/** Invokes functions as a role of a delivery stream may. */
export const functionsFor = (
  { functions, roles }: Pick<FirehoseContext, 'functions' | 'roles'>,
  deliveryStream: string,
  roleArn: string,
): FunctionInvoker => (roles ? new RoleFunctionInvoker(functions, roles, actorOf(deliveryStream, roleArn)) : functions)

/** Reads tables as a role of a delivery stream may. */
export const tablesFor = (
  { place, roles, tables }: Pick<FirehoseContext, 'place' | 'roles' | 'tables'>,
  deliveryStream: string,
  roleArn: string,
): TableSchemas => (roles ? new RoleTableSchemas(tables, roles, actorOf(deliveryStream, roleArn), place) : tables)

/** The role by which a destination does what no other role is named for; each has one, if only for its bucket. */
export function roleOfDestination({ settings }: DestinationSettings): string {
  const { RoleARN, S3Configuration } = settings as WithRoles
  const roleArn = RoleARN ?? S3Configuration?.RoleARN
  assert(roleArn !== undefined, 'a destination has a role')
  return roleArn
}

type WithRoles = { readonly RoleARN?: string; readonly S3Configuration?: { readonly RoleARN: string } }

/** `RoleARN` at any depth, and the parameter `RoleArn` of processors. */
function rolesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(rolesIn)
  const { ParameterName, ParameterValue, RoleARN, ...others } = value as Readonly<Record<string, unknown>>
  const own = ParameterName === 'RoleArn' ? ParameterValue : RoleARN
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(others).flatMap(rolesIn)]
}
