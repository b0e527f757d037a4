import type { AwsError } from './aws-error.ts'
import type { Caller } from './caller.ts'
import type { Operation, ServiceFace } from './operation.ts'

/* What the gateway tells whoever keeps the audit trail. */

/** A call whose outcome is known. What of it may be written, the trail decides. */
export type AuditedCall = {
  readonly service: ServiceFace
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  readonly operation: Operation<any, any>
  readonly caller: Caller
  readonly requestId: string
  /** The operation's input; undefined if it could not be read. It is looked at before `record` returns, never later. */
  readonly input: unknown
  /** ARNs of what the call concerns. */
  readonly resourceArns: readonly string[]
  readonly outcome: { readonly output: unknown } | { readonly error: AwsError }
  readonly sourceIp: string
  readonly userAgent: string | undefined
  /** How the request came, where it came by TLS. */
  readonly tls: TlsDetails | undefined
  /** The private endpoint by which it came. */
  readonly vpcEndpointId: string | undefined
}

export type TlsDetails = {
  /** e.g. `TLSv1.3` */
  readonly version: string
  /** e.g. `TLS_AES_128_GCM_SHA256` */
  readonly cipherSuite: string
  /** The `Host` that the client named. */
  readonly host: string | undefined
}

/** Keeps a record of calls. */
export interface AuditTrail {
  /** Whether calls of an operation may be recorded at all: asked first, so that what is not recorded costs nothing. */
  concerns(service: ServiceFace, operation: AuditedCall['operation']): boolean
  /** Never waits and never fails: a record that finds no room is counted, and told of in the server's log. */
  record(call: AuditedCall): void
}
