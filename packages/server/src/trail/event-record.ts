import type { Place } from '../core/arn.ts'
import type { AuditedCall } from '../core/audit.ts'
import type { AwsError } from '../core/aws-error.ts'
import { apiVersions, type EventKind } from './event-kinds.ts'
import { toldMembers, toldOfData } from './told-members.ts'
import { hidden, toldParts } from './told-parts.ts'
import { isoSeconds, userIdentityOf } from './user-identity.ts'

/*
 * A call → CloudTrail's record of it [record contents, version 1.11]: its members, in AWS's order.
 */

export type EventIdentity = { readonly eventId: string; readonly place: Place; readonly completedAtMs: number }

export function eventRecord(call: AuditedCall, kind: EventKind, { eventId, place, completedAtMs }: EventIdentity) {
  const { service, caller, outcome, resourceArns, vpcEndpointId } = call
  const { isData, readOnly, resourceType } = kind
  const error = 'error' in outcome ? outcome.error : undefined
  const isDenied = error !== undefined && deniedCodes.has(error.code)
  const names = namesFor(service.name, kind)
  const hiddenTexts = isData ? 'absent' : 'named'
  const input = toldParts(call.input, names, hiddenTexts)
  const isInputWhole = input.isWhole && call.input !== undefined
  const output = 'output' in outcome && kind.tellsOutput ? outcome.output : undefined
  const apiVersion = apiVersions.get(service.name)
  const resources = resourceType === undefined ? [] : resourcesOf(resourceArns, resourceType, place)
  const userIdentity = userIdentityOf(caller)
  return {
    eventVersion: '1.11',
    userIdentity,
    eventTime: isoSeconds(completedAtMs),
    eventSource: `${service.name}.amazonaws.com`,
    eventName: kind.eventName,
    awsRegion: place.region,
    sourceIPAddress: call.sourceIp,
    userAgent: clipped(call.userAgent ?? ''),
    ...(error && { errorCode: isDenied ? 'AccessDenied' : error.code, errorMessage: messageOf(error, isInputWhole) }),
    requestParameters: (isDenied ? undefined : input.parts) ?? null,
    responseElements: toldParts(output, names, 'absent').parts ?? null,
    requestID: call.requestId,
    eventID: eventId,
    readOnly,
    ...(resources.length > 0 && { resources }),
    eventType: 'AwsApiCall',
    ...(apiVersion !== undefined && { apiVersion }),
    managementEvent: !isData,
    recipientAccountId: place.accountId,
    ...(userIdentity.accountId !== place.accountId && { sharedEventID: eventId }),
    ...(vpcEndpointId !== undefined && { vpcEndpointId, vpcEndpointAccountId: place.accountId }),
    eventCategory: isData ? 'Data' : 'Management',
    ...(call.tls && {
      tlsDetails: {
        tlsVersion: call.tls.version,
        cipherSuite: call.tls.cipherSuite,
        ...(call.tls.host !== undefined && { clientProvidedHostHeader: clipped(call.tls.host) }),
      },
    }),
  }
}

/** What AWS calls `AccessDenied` in the trail. */
const deniedCodes = new Set(['AccessDeniedException', 'AccessDenied'])

/** Errors whose sentences say who asked and what for, and repeat nothing of the input but names of resources. */
const plainCodes = new Set([
  ...deniedCodes,
  'ExpiredTokenException',
  'InternalFailure',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
  'KMSOptInRequired',
  'KMSThrottlingException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'ResourceNotFoundException',
  'ConditionalCheckFailedException',
  'ThrottlingException',
])

/** A sentence may repeat what was sent: where anything of that was held back, only such are told as cannot. */
const messageOf = (error: AwsError, isInputWhole: boolean) =>
  isInputWhole || plainCodes.has(error.code) ? clipped(error.message) : hidden

const textLengthMax = 1024

const clipped = (text: string) => (text.length > textLengthMax ? text.slice(0, textLengthMax) : text)

const nothing: ReadonlySet<string> = new Set()

function namesFor(service: string, { isData, hidden: hiddenNames }: EventKind): ReadonlySet<string> {
  const names = (isData ? toldOfData : toldMembers).get(service) ?? nothing
  return hiddenNames.length === 0 ? names : new Set([...names].filter((name) => !hiddenNames.includes(name)))
}

/** A transaction names at most so many. */
const resourcesMax = 100

const resourcesOf = (arns: readonly string[], type: string, place: Place) =>
  arns
    .slice(0, resourcesMax)
    .map((arn) => ({ accountId: arn.split(':')[4] || place.accountId, type, ARN: clipped(arn) }))
