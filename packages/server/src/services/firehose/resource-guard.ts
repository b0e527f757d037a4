import type { ResourceGuard } from '../../core/access.ts'
import { arn } from '../../core/arn.ts'
import type { FirehoseContext } from './context.ts'

/** The tags of delivery streams, which have no policies of their own. */
export class FirehoseGuard implements ResourceGuard {
  readonly #deliveryStreams: FirehoseContext['deliveryStreams']
  readonly #prefix: string

  constructor({ deliveryStreams, place }: Pick<FirehoseContext, 'deliveryStreams' | 'place'>) {
    this.#deliveryStreams = deliveryStreams
    this.#prefix = arn(place, 'firehose', 'deliverystream/')
  }

  policyOf(): undefined {
    return undefined
  }

  tagsOf(resourceArn: string): ReadonlyMap<string, string> | undefined {
    if (!resourceArn.startsWith(this.#prefix)) return undefined
    const stream = this.#deliveryStreams.find(resourceArn.slice(this.#prefix.length))
    return stream && new Map(stream.tags.map(({ Key, Value = '' }) => [Key, Value]))
  }
}
