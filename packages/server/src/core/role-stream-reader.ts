import type { Need } from './access.ts'
import { AwsError } from './aws-error.ts'
import type { StreamReader, StreamReadLimits, StreamSource, StreamStart } from './ports.ts'
import type { RoleAccess, RoleActor } from './role-access.ts'

/** What reading a stream, or by a registered consumer of it, needs. */
export const readingNeeds = (sourceArn: string): Need[] => {
  const [streamArn, consumer] = sourceArn.split('/consumer/', 2) as [string, string | undefined]
  const ofStream = [
    'DescribeStream',
    'ListShards',
    ...(consumer === undefined ? ['GetShardIterator', 'GetRecords'] : []),
  ]
  return [
    ...ofStream.map((name) => ({ action: `kinesis:${name}`, resource: streamArn })),
    ...(consumer === undefined ? [] : [{ action: 'kinesis:SubscribeToShard', resource: sourceArn }]),
  ]
}

/**
 * Reads a stream in the name of a role, as long as the role may: it is asked before each page and once more before the page
 * is handed on, so that what an operator takes back ends at once.
 */
export class RoleStreamReader implements StreamReader {
  readonly #streams: StreamReader
  readonly #refusal: () => string | undefined

  constructor(streams: StreamReader, roles: RoleAccess, actor: RoleActor, sourceArn: string) {
    this.#streams = streams
    const needs = readingNeeds(sourceArn)
    this.#refusal = () => roles.refusal(actor, needs)
  }

  find(arn: string) {
    return this.#streams.find(arn)
  }

  shards(source: StreamSource) {
    return this.#streams.shards(source)
  }

  position(source: StreamSource, shardId: string, start: StreamStart): Promise<string> {
    return this.#streams.position(source, shardId, start)
  }

  async read(source: StreamSource, shardId: string, after: string, limits: StreamReadLimits, signal: AbortSignal) {
    this.#check()
    const page = await this.#streams.read(source, shardId, after, limits, signal)
    this.#check()
    return page
  }

  watch(listener: () => void) {
    return this.#streams.watch(listener)
  }

  /** @throws AccessDeniedException */
  #check(): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw new AwsError('AccessDeniedException', refusal)
  }
}
