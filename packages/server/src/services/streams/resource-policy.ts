import { parseArn } from '../../core/arn.ts'
import { invalidArgument } from '../../core/aws-error.ts'
import type { Consumer } from './consumer-store.ts'
import type { StreamsContext } from './context.ts'
import { consumerNotFound, consumerNotInActiveStatus, invalidPolicy, streamNotActive } from './faults.ts'
import { streamNameOf } from './members.ts'
import { consumerActions, streamActions } from './policy-actions.ts'

/* The policy that a stream or a consumer has of its own: who else may use it. It goes when the resource goes. */

/** Bytes that a policy may have [docs]. */
const policyBytesMax = 20 * 1024

/** A stream or a consumer, as far as its policy is concerned. */
export type Guarded = {
  readonly arn: string
  readonly policy: string | undefined
  /** Lower case, without `kinesis:`. */
  readonly actions: ReadonlySet<string>
  /** `undefined` takes the policy away. @throws ResourceInUseException while it is made or deleted */
  setPolicy(policy: string | undefined): Promise<unknown>
}

/** What a ResourceARN means. @throws InvalidArgumentException, ResourceNotFoundException */
export function guardedResource(context: StreamsContext, resourceArn: string): Guarded {
  const { consumers, place, streams } = context
  if (parseArn(resourceArn)?.resource.startsWith('channel/'))
    throw invalidArgument('A resource policy can only be attached to a stream or to a consumer.')
  const [streamArn, consumerPart] = resourceArn.split('/consumer/', 2) as [string, string | undefined]
  const stream = streams.get(streamNameOf(context, { StreamARN: streamArn }))
  if (consumerPart !== undefined) {
    const consumer = consumers.ofStream(stream).find((other) => consumers.arnOf(other) === resourceArn)
    if (!consumer) throw consumerNotFound(resourceArn, place.accountId)
    return guardedConsumer(context, consumer)
  }
  return {
    arn: resourceArn,
    policy: stream.resourcePolicy,
    actions: streamActions,
    setPolicy: (policy) =>
      streams.update(stream.name, (newest) => {
        if (newest.status === 'CREATING' || newest.status === 'DELETING') throw streamNotActive(newest, place.accountId)
        const { resourcePolicy: _, ...rest } = newest
        return policy === undefined ? rest : { ...rest, resourcePolicy: policy }
      }),
  }
}

function guardedConsumer({ consumers, place }: StreamsContext, consumer: Consumer): Guarded {
  return {
    arn: consumers.arnOf(consumer),
    policy: consumer.resourcePolicy,
    actions: consumerActions,
    setPolicy: (policy) =>
      consumers.update(consumer, (newest) => {
        if (newest.status !== 'ACTIVE') throw consumerNotInActiveStatus(newest, place.accountId)
        const { resourcePolicy: _, ...rest } = newest
        return policy === undefined ? rest : { ...rest, resourcePolicy: policy }
      }),
  }
}

/** @throws InvalidArgumentException for what is no policy, or none for this resource */
export async function checkPolicy(context: StreamsContext, { actions, arn }: Guarded, text: string): Promise<void> {
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes > policyBytesMax)
    throw invalidPolicy(`The policy of ${sizeBytes} bytes is larger than ${policyBytesMax} bytes`)
  const document = parsed(text)
  const fault = await context.policyLanguage?.fault(text)
  if (fault !== undefined) throw invalidPolicy(fault)
  for (const statement of listOf(document.Statement)) {
    if (typeof statement !== 'object' || statement === null) throw invalidPolicy('A statement is no object')
    const { Action, NotAction, NotPrincipal, NotResource, Principal, Resource } = statement as Record<string, unknown>
    if (Principal === undefined && NotPrincipal === undefined) throw invalidPolicy('Missing required field Principal')
    if (Action === undefined && NotAction === undefined) throw invalidPolicy('Missing required field Action')
    if (Resource === undefined && NotResource === undefined) throw invalidPolicy('Missing required field Resource')
    for (const action of [...listOf(Action), ...listOf(NotAction)])
      if (!isActionOf(actions, action)) throw invalidPolicy(`Action ${String(action)} is not one of the resource`)
    for (const resource of listOf(Resource))
      if (!mayName(resource, arn)) throw invalidPolicy(`Resource ${String(resource)} is not ${arn}`)
  }
}

function parsed(text: string): Record<string, unknown> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw invalidPolicy('This policy contains invalid Json')
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw invalidPolicy('This policy contains invalid Json')
  return document as Record<string, unknown>
}

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/** One action of the resource, or a pattern whose beginning fits at least one. */
function isActionOf(actions: ReadonlySet<string>, action: unknown): boolean {
  if (typeof action !== 'string') return false
  const text = action.toLowerCase()
  if (text === '*') return true
  if (!text.startsWith('kinesis:')) return false
  const name = text.slice('kinesis:'.length)
  const wildcard = name.search(/[*?]/)
  return wildcard === -1 ? actions.has(name) : [...actions].some((each) => each.startsWith(name.slice(0, wildcard)))
}

/** The resource itself; what has wildcards or variables is only known when it is asked. */
const mayName = (resource: unknown, arn: string): boolean =>
  typeof resource === 'string' && (resource === arn || /[*?]|\$\{/.test(resource))
