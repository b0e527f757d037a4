import type { Need } from './access.ts'

/** A part of the server that acts by a role which somebody handed to it. */
export type RoleActor = {
  readonly roleArn: string
  /** Whom the role's trust policy must name, e.g. `firehose.amazonaws.com`. */
  readonly service: string
  readonly sessionName: string
}

/** Says what roles may do, to those inside the server who act by one. There is nobody who does where nobody knows roles. */
export interface RoleAccess {
  /** Is there such a role, and does it trust the service? */
  mayAssume(actor: Pick<RoleActor, 'roleArn' | 'service'>): boolean
  /** AWS's sentence about the first need that is not allowed; undefined if all are. */
  refusal(actor: RoleActor, needs: readonly Need[]): string | undefined
}
