import type { ConditionKeys, Need } from './access.ts'
import { arn, type Place, parseArn } from './arn.ts'

/* How operations say what they need. A name that a client left out makes no resource: nothing is named then. */

/** `path\`stream/${name}\``: undefined if one of the names is. */
export function path(texts: TemplateStringsArray, ...names: readonly (string | undefined)[]): string | undefined {
  let all = texts[0]!
  for (let i = 0; i < names.length; i++) {
    if (names[i] === undefined) return undefined
    all += names[i]! + texts[i + 1]!
  }
  return all
}

/**
 * What an ARN names: the resource's own path if it is of this place, else the ARN as it came, so that nobody takes the one
 * for the other. Whoever handles the call finds nothing by an ARN of elsewhere.
 */
export function resourceOfArn(place: Place, service: string, named: string | undefined): string | undefined {
  const parts = named === undefined ? undefined : parseArn(named)
  const isOwn = parts?.service === service && parts.accountId === place.accountId && parts.region === place.region
  return isOwn ? parts.resource : named
}

/** A resource of an operation as policies name it; `*` where there is none. */
export function arnOfResource(place: Place, service: string, resource: string | undefined): string {
  if (resource === undefined) return '*'
  return resource.startsWith('arn:') ? resource : arn(place, service, resource)
}

/** The tags that a request brings: `aws:RequestTag/…` and `aws:TagKeys`. */
export function requestTagKeys(
  tags: Iterable<readonly [key: string, value: string]>,
): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  const names: string[] = []
  for (const [key, value] of tags) {
    keys.set(`aws:requesttag/${key.toLowerCase()}`, [value])
    names.push(key)
  }
  if (names.length > 0) keys.set('aws:tagkeys', names)
  return keys
}

/** Of a request that takes tags away. */
export const tagNameKeys = (names: readonly string[] | undefined): ConditionKeys =>
  new Map([['aws:tagkeys', names ?? []]])

/** To hand a role to a service, which then may do what the role may. */
export const passRole = (roleArn: string, service: string): Need => ({
  action: 'iam:PassRole',
  resource: roleArn,
  keys: new Map([['iam:passedtoservice', [service]]]),
})
