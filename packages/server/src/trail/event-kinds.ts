import type { AuditedCall } from '../core/audit.ts'

/* What an operation is for the trail, by what it declares and else by its name. */

type Operation = AuditedCall['operation']

export type EventKind = {
  readonly eventName: string
  readonly isData: boolean
  readonly readOnly: boolean
  /** Whether what comes out may be told, as far as its members may. */
  readonly tellsOutput: boolean
  readonly resourceType: string | undefined
  readonly hidden: readonly string[]
}

/** Operations called so change nothing. */
const readingVerbs = /^(?:Get|List|Describe|BatchGet|TransactGet|Query|Scan|Search|Subscribe)(?![a-z])/

export function eventKindOf({ name, audit = {} }: Operation): EventKind {
  const isData = audit.event === 'data'
  const readOnly = audit.readOnly ?? readingVerbs.test(name)
  return {
    eventName: audit.eventName ?? name,
    isData,
    readOnly,
    tellsOutput: audit.tellsOutput ?? !(isData || readOnly),
    resourceType: audit.resourceType,
    hidden: audit.hidden ?? [],
  }
}

/** API versions that AWS writes into records, by service. */
export const apiVersions: ReadonlyMap<string, string> = new Map([['dynamodb', '2012-08-10']])
