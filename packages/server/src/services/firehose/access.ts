import type { ConditionKeys, Need } from '../../core/access.ts'
import { arnOfResource, passRole, path } from '../../core/needs.ts'
import type { FirehoseContext } from './context.ts'

/* What calls of Firehose need: [service authorization reference]. */

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
  [...new Set(rolesIn(settings))].map((role) => passRole(role, 'firehose.amazonaws.com'))

/** `RoleARN` at any depth, and the parameter `RoleArn` of processors. */
function rolesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(rolesIn)
  const { ParameterName, ParameterValue, RoleARN, ...others } = value as Readonly<Record<string, unknown>>
  const own = ParameterName === 'RoleArn' ? ParameterValue : RoleARN
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(others).flatMap(rolesIn)]
}
