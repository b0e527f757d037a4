import type { AuditedCall } from '../core/audit.ts'

/* What an operation is for the trail, by what it declares and else by its name. */

type Operation = AuditedCall['operation']

export type EventKind = {
  readonly eventName: string
  readonly isData: boolean
  readonly readOnly: boolean
  readonly resourceType: string | undefined
  readonly hidden: readonly string[]
}

/** Operations called so change nothing. */
const readingVerbs = /^(?:Get|List|Describe|BatchGet|TransactGet|Query|Scan|Search|Subscribe)(?![a-z])/

export function eventKindOf({ name, audit = {} }: Operation): EventKind {
  return {
    eventName: audit.eventName ?? name,
    isData: audit.event === 'data',
    readOnly: audit.readOnly ?? readingVerbs.test(name),
    resourceType: audit.resourceType,
    hidden: audit.hidden ?? [],
  }
}

/** API versions that AWS writes into records, by service. */
export const apiVersions: ReadonlyMap<string, string> = new Map([['dynamodb', '2012-08-10']])
