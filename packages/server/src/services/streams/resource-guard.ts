import type { ResourceGuard } from '../../core/access.ts'
import { arn } from '../../core/arn.ts'
import type { Consumer } from './consumer-store.ts'
import type { StreamsContext } from './context.ts'

type Parts = Pick<StreamsContext, 'channels' | 'consumers' | 'place' | 'streams'>

/** The policies and tags of streams and consumers, and the tags of channels. */
export class StreamsGuard implements ResourceGuard {
  readonly #parts: Parts
  readonly #prefix: string

  constructor(parts: Parts) {
    this.#parts = parts
    this.#prefix = arn(parts.place, 'kinesis', '')
  }

  policyOf(resourceArn: string): string | undefined {
    const name = this.#nameAfter('stream/', resourceArn)
    if (name === undefined) return undefined
    const slash = name.indexOf('/')
    if (slash === -1) return this.#parts.streams.find(name)?.resourcePolicy
    return this.#consumer(name.slice(0, slash), resourceArn)?.resourcePolicy
  }

  tagsOf(resourceArn: string): ReadonlyMap<string, string> | undefined {
    const name = this.#nameAfter('stream/', resourceArn)
    if (name === undefined) {
      const channelId = this.#nameAfter('channel/', resourceArn)
      return channelId === undefined ? undefined : this.#parts.channels.find(channelId)?.tags
    }
    const slash = name.indexOf('/')
    if (slash === -1) return this.#parts.streams.find(name)?.tags
    return this.#consumer(name.slice(0, slash), resourceArn)?.tags
  }

  #nameAfter(type: string, resourceArn: string): string | undefined {
    const prefix = this.#prefix
    if (!resourceArn.startsWith(prefix) || !resourceArn.startsWith(type, prefix.length)) return undefined
    return resourceArn.slice(prefix.length + type.length)
  }

  #consumer(streamName: string, consumerArn: string): Consumer | undefined {
    const { consumers, streams } = this.#parts
    const [, name] = /\/consumer\/([^/:]+):\d+$/.exec(consumerArn) ?? []
    const stream = streams.find(streamName)
    const consumer = stream && name !== undefined ? consumers.find(stream, name) : undefined
    return consumer && consumers.arnOf(consumer) === consumerArn ? consumer : undefined
  }
}
