import type { ConditionKeys } from '../core/access.ts'

/* The words of IAM's policies: what is asked, with which policies, and what comes out. The language is AWS's, 2012-10-17. */

/** Where a policy stands: it decides what it may hold, and how a refusal calls it. */
export type PolicyKind =
  | 'identity-based policy'
  | 'resource-based policy'
  | 'permissions boundary'
  | 'session policy'
  | 'VPC endpoint policy'

/** What is asked of policies. */
export type AccessRequest = {
  /** e.g. `kinesis:PutRecord` */
  readonly action: string
  /** An ARN, or `*`. */
  readonly resource: string
  /** Whose the resource is. */
  readonly resourceAccountId: string
  readonly principal: RequestPrincipal
  readonly keys: ConditionKeys
}

/** Under which names policies may know the caller. */
export type RequestPrincipal = {
  readonly accountId: string
  /** As in AccessDenied: of a session, the session's. */
  readonly arn: string
  /** Of a session, its role's: resource policies may name either. */
  readonly roleArn?: string
}

/** Which statement of which policy decided. */
export type StatementPlace = {
  readonly kind: PolicyKind
  /** The policy's name, where it has one. */
  readonly policy?: string
  /** Its `Sid`, else its number from 0. */
  readonly statement: string
}

export type Decision =
  | { readonly allowed: true; readonly by: readonly StatementPlace[] }
  | {
      readonly allowed: false
      /** `explicit`: a Deny matched. `implicit`: no Allow did where one is needed. */
      readonly denial: 'explicit' | 'implicit'
      /** Which kind of policy is at fault, as AWS's sentence names it. */
      readonly kind: PolicyKind
      readonly by?: StatementPlace
    }
