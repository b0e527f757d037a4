import { segmentsOf } from './arn-pattern.ts'
import type { DocumentStatement, PolicyDocument } from './document.ts'
import * as malformed from './malformed-policy.ts'
import type { PolicyKind } from './policy.ts'
import { readAwsPrincipal } from './principals.ts'

/* What elements of a policy may say, in the order in which AWS's IAM was seen to complain. */

/** @throws MalformedPolicy */
export function checkDocument({ statements }: PolicyDocument, kind: PolicyKind): void {
  for (const statement of statements) checkResourceSegments(statement)
  checkStatementIds(statements, kind)
  for (const { actions, place } of statements) if (!actions?.elements.length) throw malformed.actionsMissing(place)
  for (const statement of statements) checkHasResources(statement, kind)
  for (const statement of statements) checkResources(statement)
  for (const statement of statements) checkActions(statement, kind)
  for (const statement of statements) checkPrincipals(statement, kind)
}

function checkStatementIds(statements: readonly DocumentStatement[], kind: PolicyKind): void {
  const seen = new Set<string>()
  const isIam = kind !== 'resource-based policy' && kind !== 'VPC endpoint policy'
  for (const { sid, place } of statements) {
    if (!sid) continue
    if (seen.has(sid)) throw malformed.statementIdsNotUnique(`${place}.Sid`)
    if (isIam && !isMadeOf(sid, isAlphanumeric)) throw malformed.statementIdNotAlphanumeric(`${place}.Sid`)
    seen.add(sid)
  }
}

function checkHasResources({ resources, place }: DocumentStatement, kind: PolicyKind): void {
  if (kind !== 'role trust policy') {
    if (!resources?.elements.length) throw malformed.resourcesMissing(place)
  } else if (resources)
    throw resources.isNot
      ? malformed.trustPolicyNotResource(`${place}.NotResource`)
      : malformed.resourceProhibited(`${place}.Resource`)
}

/** ARNs that leave a field empty and end too early, or name no service. */
function checkResourceSegments({ resources, place }: DocumentStatement): void {
  for (const [i, resource] of (resources?.elements ?? []).entries()) {
    const segments = segmentsOf(resource)
    const isPartial = segments.length < 6 && resource.includes('::')
    if (isPartial || segments[2] === '') throw malformed.failedLegacyParsing(`${place}.Resource[${i}]`)
  }
}

const partitions = new Set(['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b'])

function checkResources({ resources, place }: DocumentStatement): void {
  for (const [i, resource] of (resources?.elements ?? []).entries()) {
    if (resource === '*') continue
    const at = `${place}.Resource[${i}]`
    const [, partition, ...rest] = segmentsOf(resource)
    if (partition === undefined) throw malformed.resourceNoArn(resource, at)
    if (!partitions.has(partition)) {
      const completed = [...rest, ...['*', '*', '*', '*'].slice(rest.length)].join(':')
      throw malformed.partitionNotValid(partition, `arn:${partition}:${completed}`, at)
    }
    const [service] = rest
    if (!resource.startsWith('arn:') || service === undefined || service.includes('*') || service.includes('?'))
      throw malformed.resourceVendorNotQualified(at)
    // AWS has variables only behind the fifth colon; elsewhere they would stand for nothing, and a Deny would not hold.
    if (
      segmentsOf(resource)
        .slice(0, 5)
        .some((segment) => segment.includes('${'))
    )
      throw malformed.failedLegacyParsing(at)
  }
}

function checkActions({ actions, place }: DocumentStatement, kind: PolicyKind): void {
  const at = `${place}.${actions!.isNot ? 'NotAction' : 'Action'}`
  for (const action of actions!.elements) {
    if (action === '*' && kind !== 'role trust policy') continue
    const [vendor = '', name, ...rest] = action.split(':')
    if (kind === 'role trust policy' && vendor.toLowerCase() !== 'sts') throw malformed.trustPolicyActions(at)
    if (name === undefined) throw malformed.vendorMissing(at)
    if (rest.length > 0) throw malformed.tooManyColons(at)
    if (vendor !== '*' && !isMadeOf(vendor, isVendorCharacter)) throw malformed.vendorNotValid(vendor, at)
  }
}

function checkPrincipals({ principals, place }: DocumentStatement, kind: PolicyKind): void {
  const isWithPrincipal =
    kind === 'resource-based policy' || kind === 'role trust policy' || kind === 'VPC endpoint policy'
  if (!isWithPrincipal) {
    if (principals) throw malformed.principalNotAllowed(place)
    return
  }
  if (!principals) throw malformed.fieldMissing('Principal', place)
  const at = `${place}.${principals.isNot ? 'NotPrincipal' : 'Principal'}`
  if (principals.elements.length === 0) throw malformed.fieldMissing('Principal cannot be empty!', at)
  if (kind === 'role trust policy' && principals.isNot) throw malformed.trustPolicyNotPrincipal(at)
  for (const { type, name } of principals.elements)
    if (!isPrincipal(type, name)) throw malformed.invalidPrincipal(type, name, at)
}

function isPrincipal(type: string, name: string): boolean {
  if (type === 'AWS') return readAwsPrincipal(name) !== undefined
  if (type === 'Service') return name.endsWith('.amazonaws.com') && !name.includes('*')
  return type === 'Federated' && name !== ''
}

function isMadeOf(text: string, isMember: (character: string) => boolean): boolean {
  for (const character of text) if (!isMember(character)) return false
  return true
}

const isAlphanumeric = (character: string): boolean =>
  (character >= '0' && character <= '9') ||
  (character >= 'A' && character <= 'Z') ||
  (character >= 'a' && character <= 'z')

const isVendorCharacter = (character: string): boolean =>
  isAlphanumeric(character) || character === '-' || character === '.'
