import type { ConditionKeys } from '../core/access.ts'
import type { StatementIndex } from './statement-index.ts'

/* The words of IAM's policies: what is asked, with which policies, and what comes out. The language is AWS's, 2012-10-17. */

/** Where a policy stands: it decides what it may hold, and how a refusal calls it. */
export type PolicyKind =
  | 'identity-based policy'
  | 'resource-based policy'
  | 'role trust policy'
  | 'permissions boundary'
  | 'session policy'
  | 'VPC endpoint policy'

/** A document that was checked and made ready: see `compilePolicy`. */
export type Policy = {
  readonly kind: PolicyKind
  /** As the refusal's place and explanations call it. */
  readonly name: string | undefined
  readonly statements: StatementIndex
}

/** All policies that one request concerns. */
export type PolicySet = {
  /** Of the user and its groups, or of the role. */
  readonly identity: readonly Policy[]
  readonly boundary?: Policy | undefined
  /** What was given with AssumeRole: together they are one bound. Undefined where nothing was given. */
  readonly session?: readonly Policy[] | undefined
  /** The resource's own; of `sts:AssumeRole`, the role's trust policy. */
  readonly resource?: Policy | undefined
  /** Of the private endpoint that the request came by. */
  readonly endpoint?: Policy | undefined
}

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
  readonly roleArn?: string | undefined
  /** A part of the server that acts for itself, e.g. `firehose.amazonaws.com`: only a resource's policy can allow it. */
  readonly service?: string | undefined
}

/** Which statement of which policy decided. */
export type StatementPlace = {
  readonly kind: PolicyKind
  /** The policy's name, where it has one. */
  readonly policy?: string | undefined
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
      readonly by?: StatementPlace | undefined
    }
