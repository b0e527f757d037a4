import type { Clock } from '@millrace/ports'
import type { Need } from './access.ts'
import { AwsError } from './aws-error.ts'
import type { StreamReader, StreamReadLimits, StreamSource, StreamStart } from './ports/streams.ts'
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

/** While a reader is refused, that is told again so much later. */
export const toldAgainMs = 5 * 60_000

/** A page that the role may not read. Whoever watches the reader was told: those who read its shards need not. */
export class ReadRefused extends AwsError {
  constructor(reason: string) {
    super('AccessDeniedException', reason)
  }
}

export type RoleStreamReaderParts = {
  readonly streams: StreamReader
  readonly roles: RoleAccess
  readonly clock: Clock
  readonly actor: RoleActor
  /** A stream, or a consumer of one. */
  readonly sourceArn: string
  /** Called for each refusal, with AWS's sentence; `isNews` for the first after a page that was read, and every few minutes. */
  readonly onRefused: (reason: string, isNews: boolean) => void
}

/**
 * Reads a stream in the name of a role, as long as the role may: it is asked before each page and once more before the page
 * is handed on, so that what an operator takes back ends at once.
 */
export class RoleStreamReader implements StreamReader {
  readonly #streams: StreamReader
  readonly #parts: RoleStreamReaderParts
  readonly #needs: readonly Need[]
  #toldMs: number | undefined

  constructor(parts: RoleStreamReaderParts) {
    this.#parts = parts
    this.#streams = parts.streams
    this.#needs = readingNeeds(parts.sourceArn)
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

  /** @throws ReadRefused */
  async read(source: StreamSource, shardId: string, after: string, limits: StreamReadLimits, signal: AbortSignal) {
    this.#check()
    const page = await this.#streams.read(source, shardId, after, limits, signal)
    this.#check()
    return page
  }

  watch(listener: () => void) {
    return this.#streams.watch(listener)
  }

  #check(): void {
    const { actor, clock, onRefused, roles } = this.#parts
    const refusal = roles.refusal(actor, this.#needs)
    if (refusal === undefined) {
      this.#toldMs = undefined
      return
    }
    const nowMs = clock.monotonicMs()
    const isNews = this.#toldMs === undefined || nowMs - this.#toldMs >= toldAgainMs
    if (isNews) this.#toldMs = nowMs
    onRefused(refusal, isNews)
    throw new ReadRefused(refusal)
  }
}
