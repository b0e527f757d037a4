/*
 * What operations say of themselves to whoever decides about them.
 */

/** What must be allowed for a call: most need one action on one resource. */
export type Need = {
  /** e.g. `kinesis:PutRecord` */
  readonly action: string
  /** An ARN, or `*` where the account is concerned. */
  readonly resource: string
  /** What conditions may ask beside what is known of every request (`aws:RequestTag/…`, `dynamodb:LeadingKeys`). */
  readonly keys?: ConditionKeys
  /** The error of whoever may not. @default 'AccessDeniedException' */
  readonly refusal?: string
  /** What that error carries beside its message. */
  readonly refusalMembers?: Readonly<Record<string, unknown>>
}

/**
 * Values by the names of condition keys, in small letters: `aws:sourceip`. A key without values is there and empty. A Map is
 * one; what is dear to find out is found when a policy asks (see LazyKeys).
 */
export type ConditionKeys = { get(name: string): readonly string[] | undefined }

/** What a service knows of its own resources that decides who may use them. */
export interface ResourceGuard {
  /** The resource's own policy, as it was put; undefined if it has none. */
  policyOf(resourceArn: string): string | undefined
  /** They are trust policies of roles: what such a one does not allow is not allowed, whatever else is. @default false */
  readonly areTrustPolicies?: boolean
  /** For `aws:ResourceTag/…`; undefined if there is no such resource. */
  tagsOf(resourceArn: string): ReadonlyMap<string, string> | undefined
}

/** How CloudTrail files calls of an operation, where the rule by its name (see the trail) does not tell. */
export type AuditRule = {
  /** `data`: recorded only where the trail selects it. @default 'management' */
  readonly event?: 'management' | 'data'
  readonly readOnly?: boolean
  /** Its output is told although it changes nothing, as that of AssumeRole is. @default false */
  readonly tellsOutput?: boolean
  /** What the trail calls it, where that is not the operation's name: `CreateFunction20150331`. */
  readonly eventName?: string
  /** Members that are not written although the trail has their names among those that are. Blobs never are. */
  readonly hidden?: readonly string[]
  /** `resources[].type`, e.g. `AWS::Kinesis::Stream`: named for all data events, and where AWS names it otherwise. */
  readonly resourceType?: string
}

/** The language of IAM's policies, for services whose resources have some of their own. */
export interface PolicyLanguage {
  /** What is wrong with a resource's policy, as a sentence; undefined if nothing is. */
  fault(document: string): Promise<string | undefined>
}
