import type { ConditionKeys, Need } from '../../../core/access.ts'
import { operation } from '../../../core/operation.ts'
import { integer, optional, structure, type ValueOf } from '../../../core/shapes.ts'
import type { StsContext } from '../context.ts'
import { noDevice } from '../faults.ts'
import { keysView } from '../keys-view.ts'
import {
  arn,
  externalId,
  policyArns,
  serialNumber,
  sessionName,
  sessionPolicy,
  tagKeys,
  tags,
  tokenCode,
} from '../members.ts'

const input = structure({
  RoleArn: arn,
  RoleSessionName: sessionName,
  DurationSeconds: optional(integer({ min: 900, max: 43_200 })),
  ExternalId: optional(externalId),
  Policy: optional(sessionPolicy),
  PolicyArns: optional(policyArns),
  Tags: optional(tags),
  TransitiveTagKeys: optional(tagKeys),
  SourceIdentity: optional(sessionName),
  SerialNumber: optional(serialNumber),
  TokenCode: optional(tokenCode),
})
type Input = ValueOf<typeof input>

/** The role's trust policy is the resource's: it must allow, and in another account the caller's own policies too. */
export const assumeRole = operation({
  name: 'AssumeRole',
  input,
  resource: ({ RoleArn }) => RoleArn,
  needs: (given): Need[] => {
    const need = (action: string): Need => ({ action, resource: given.RoleArn ?? '*', keys: keysOf(given) })
    return [
      need('sts:AssumeRole'),
      ...(given.Tags?.length ? [need('sts:TagSession')] : []),
      ...(given.SourceIdentity === undefined ? [] : [need('sts:SetSourceIdentity')]),
    ]
  },
  audit: { readOnly: true, tellsOutput: true, resourceType: 'AWS::IAM::Role' },
  async handle({ credentials }: StsContext, given: Input, { caller }) {
    if (given.SerialNumber !== undefined || given.TokenCode !== undefined) throw noDevice()
    const { keys, arn, id, packedPercent, sourceIdentity } = credentials.assumeRole(caller, {
      roleArn: given.RoleArn,
      sessionName: given.RoleSessionName,
      durationS: given.DurationSeconds ?? 3600,
      policy: given.Policy,
      policyArns: (given.PolicyArns ?? []).map((each) => each.arn),
      tags: (given.Tags ?? []).map(({ Key, Value }) => [Key, Value] as const),
      transitiveTagKeys: given.TransitiveTagKeys ?? [],
      sourceIdentity: given.SourceIdentity,
    })
    return {
      AssumedRoleUser: { AssumedRoleId: id, Arn: arn },
      Credentials: keysView(keys),
      PackedPolicySize: packedPercent,
      SourceIdentity: sourceIdentity,
    }
  },
})

/** What trust policies ask of a request. */
function keysOf({ ExternalId, RoleSessionName, SourceIdentity, Tags = [], TransitiveTagKeys }: Input): ConditionKeys {
  const keys = new Map<string, readonly string[]>()
  if (RoleSessionName !== undefined) keys.set('sts:rolesessionname', [RoleSessionName])
  if (ExternalId !== undefined) keys.set('sts:externalid', [ExternalId])
  if (SourceIdentity !== undefined) keys.set('sts:sourceidentity', [SourceIdentity])
  if (TransitiveTagKeys !== undefined) keys.set('sts:transitivetagkeys', TransitiveTagKeys)
  for (const { Key, Value } of Tags) keys.set(`aws:requesttag/${Key.toLowerCase()}`, [Value])
  if (Tags.length > 0)
    keys.set(
      'aws:tagkeys',
      Tags.map(({ Key }) => Key),
    )
  return keys
}
