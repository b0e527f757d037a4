import { invalidArgument } from '../../core/aws-error.ts'
import { list, string } from '../../core/shapes.ts'
import type { StreamsContext } from './context.ts'
import { consumerNotFound, streamNotActive } from './faults.ts'
import { streamNameOf } from './members.ts'
import type { Stream } from './stream.ts'

/** Tags that one stream or consumer may have. */
export const tagsMax = 50

const valid = /^[\p{L}\p{Z}\p{N}_.:/=+\-@%]*$/u

export const tagKeys = list(string({ min: 1, max: 128 }), {
  min: 1,
  max: 50,
  memberRule: '[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]',
})

/** @throws InvalidArgumentException for characters that AWS does not take */
export function checkTags(tags: ReadonlyMap<string, string>): void {
  for (const [key, value] of tags)
    if (!valid.test(key) || !valid.test(value))
      throw invalidArgument(
        'Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, ' +
          '_ . / = + - % @ :.',
      )
}

/** @throws InvalidArgumentException above `tagsMax` */
export function checkTagCount(count: number, what: string, accountId: string): void {
  if (count > tagsMax)
    throw invalidArgument(
      `Failed to add tags to ${what} under account ${accountId} because a given stream cannot have more than ` +
        `${tagsMax} tags associated with it.`,
    )
}

/** In order of key, as AWS lists them. */
export const tagViews = (tags: ReadonlyMap<string, string>) =>
  [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([Key, Value]) => ({ Key, Value }))

/** Something that has tags: a stream, a consumer or a channel, as an ARN names it. */
export type Tagged = {
  readonly tags: ReadonlyMap<string, string>
  /** Adds tags. @throws InvalidArgumentException above `tagsMax`, ResourceInUseException */
  add(tags: ReadonlyMap<string, string>): Promise<unknown>
  remove(keys: readonly string[]): Promise<unknown>
}

/** While a stream is CREATING its tags stand as they were given. @throws ResourceInUseException */
function checkMayTag(stream: Stream, accountId: string): void {
  if (stream.status === 'CREATING') throw streamNotActive(stream, accountId)
}

/** The tags of a stream, in any state but CREATING. @throws ResourceNotFoundException, ResourceInUseException */
export function taggedStream(context: StreamsContext, name: string): Tagged {
  const { place, streams } = context
  return {
    tags: streams.get(name).tags,
    add: (added) =>
      streams.update(name, (stream) => {
        checkMayTag(stream, place.accountId)
        const tags = new Map([...stream.tags, ...added])
        checkTagCount(tags.size, `stream ${name}`, place.accountId)
        return { ...stream, tags }
      }),
    remove: (keys) =>
      streams.update(name, (stream) => {
        checkMayTag(stream, place.accountId)
        const removed = new Set(keys)
        return { ...stream, tags: new Map([...stream.tags].filter(([key]) => !removed.has(key))) }
      }),
  }
}

function taggedChannel({ channels, place }: StreamsContext, id: string): Tagged {
  return {
    tags: channels.find(id)?.tags ?? new Map(),
    add: (added) =>
      channels.update(id, (channel) => {
        const tags = new Map([...channel.tags, ...added])
        checkTagCount(tags.size, `channel ${channel.name}`, place.accountId)
        return { ...channel, tags }
      }),
    remove: (keys) =>
      channels.update(id, (channel) => {
        const removed = new Set(keys)
        return { ...channel, tags: new Map([...channel.tags].filter(([key]) => !removed.has(key))) }
      }),
  }
}

/** What a ResourceARN means. @throws InvalidArgumentException, ResourceNotFoundException */
export function taggedResource(context: StreamsContext, resourceArn: string): Tagged {
  const { channels, consumers, place, streams } = context
  if (resourceArn.includes(':channel/')) return taggedChannel(context, channels.byArn(resourceArn).id)
  const [streamArn, consumerPart] = resourceArn.split('/consumer/', 2) as [string, string | undefined]
  const name = streamNameOf(context, { StreamARN: streamArn })
  if (consumerPart === undefined) return taggedStream(context, name)
  const consumer = consumers.ofStream(streams.get(name)).find((other) => consumers.arnOf(other) === resourceArn)
  if (!consumer) throw consumerNotFound(resourceArn, place.accountId)
  return {
    tags: consumer.tags,
    add: (added) =>
      consumers.tag(consumer, added, (count) => checkTagCount(count, `consumer ${consumer.name}`, place.accountId)),
    remove: (keys) => consumers.untag(consumer, keys),
  }
}
