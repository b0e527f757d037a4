import { type FunctionAnswer, type FunctionInvoker, FunctionNotInvoked } from './ports/functions.ts'
import type { RoleAccess, RoleActor } from './role-access.ts'

/** Invokes functions in the name of a role, which is asked before each call. They must be named by their ARNs. */
export class RoleFunctionInvoker implements FunctionInvoker {
  readonly #functions: FunctionInvoker
  readonly #roles: RoleAccess
  readonly #actor: RoleActor

  constructor(functions: FunctionInvoker, roles: RoleAccess, actor: RoleActor) {
    this.#functions = functions
    this.#roles = roles
    this.#actor = actor
  }

  async invoke(functionArn: string, payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer> {
    // With its version or alias, if it has one: roles that AWS's console made are allowed `…:function:f:$LATEST` alone.
    const needs = [{ action: 'lambda:InvokeFunction', resource: functionArn }]
    const refusal = this.#roles.refusal(this.#actor, needs)
    if (refusal === undefined) return this.#functions.invoke(functionArn, payload, signal)
    throw new FunctionNotInvoked(this.#roles.mayAssume(this.#actor) ? 'access denied' : 'role not assumed', refusal)
  }
}
