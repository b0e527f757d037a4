import type { Clock } from '@millrace/ports'
import type { Need, ResourceGuard } from '../core/access.ts'
import type { Place } from '../core/arn.ts'
import type { AwsError } from '../core/aws-error.ts'
import { arnOfResource } from '../core/needs.ts'
import type { Operation, Service } from '../core/operation.ts'
import type { Principal } from '../identity/credentials.ts'
import { decide } from '../policies/decide.ts'
import { denialMessage } from '../policies/denial-message.ts'
import { ResourcePolicies } from '../policies/resource-policies.ts'
import type { Door } from './door.ts'
import type { HttpRequest } from './listener.ts'
import { Refusal } from './refusal.ts'
import { RequestKeys } from './request-keys.ts'
import type { Route } from './route.ts'

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<any, any>

/** How a call came, and what is wrong with its input. */
export type Circumstances = {
  readonly request: HttpRequest
  readonly door: Pick<Door, 'vpcEndpointId' | 'vpcId' | 'policy'>
  /** The input breaks constraints, and the call will be refused for that. */
  readonly invalid: AwsError | undefined
}

type AuthorizerOptions = {
  readonly place: Place
  readonly clock: Clock
}

/**
 * May it be done? The one place that decides, for every call of every service: an operation says what it needs, the service
 * knows the policies and tags of its resources, and the principal brings its own policies. What nobody allowed is denied.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions
  readonly #resourcePolicies = new ResourcePolicies()

  constructor(options: AuthorizerOptions) {
    this.#options = options
  }

  /**
   * Every need must be allowed. Of an input that breaks constraints only what names its resources is looked at: else AWS,
   * too, says first what is wrong with it. @throws Refusal AccessDeniedException
   */
  authorize({ service, operation }: Route, input: unknown, principal: Principal, how: Circumstances): void {
    for (const need of this.#needsOf(service!, operation!, input, how.invalid !== undefined))
      this.#admit(need, service!.guard, principal, how)
  }

  #needsOf(service: Service, operation: AnyOperation, input: unknown, isInvalid: boolean): readonly Need[] {
    if (!isInvalid) return this.#statedNeeds(service, operation, input)
    try {
      const needs = this.#statedNeeds(service, operation, input)
      return needs.some(({ resource }) => resource === '*') ? [] : needs
    } catch {
      return [] // it lacks what would name the resource; it is refused for that, and goes no further
    }
  }

  #statedNeeds({ actionPrefix, context, name }: Service, operation: AnyOperation, input: unknown): readonly Need[] {
    const needs = operation.needs?.(input, context)
    if (needs) return needs
    const resource = arnOfResource(this.#options.place, name, operation.resource(input, context))
    return [{ action: `${actionPrefix ?? name}:${operation.name}`, resource }]
  }

  #admit(need: Need, guard: ResourceGuard | undefined, principal: Principal, { door, request }: Circumstances): void {
    const { clock, place } = this.#options
    const { action, resource } = need
    const { accountId, identity, policies } = principal
    const resourceAccountId = resource.split(':', 5)[4] || place.accountId
    const keys = new RequestKeys({ clock, door, guard, need, place, principal, request, resourceAccountId })
    const roleArn = identity.type === 'AssumedRole' ? identity.session?.issuer.arn : undefined
    const ofResource = guard && this.#resourcePolicies.of(guard, resource)
    const ofEndpoint = door.policy
    const set = ofResource || ofEndpoint ? { ...policies, resource: ofResource, endpoint: ofEndpoint } : policies
    const caller = { accountId, arn: identity.arn, roleArn }
    const decision = decide({ action, resource, resourceAccountId, principal: caller, keys }, set)
    if (!decision.allowed)
      throw new Refusal(
        need.refusal ?? 'AccessDeniedException',
        denialMessage(identity.arn, action, resource, decision),
        400,
        need.refusalMembers,
      )
  }
}
