import type { Place } from '../../core/arn.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { Stream } from './stream.ts'

/** A registered consumer, as the catalog keeps it. */
export type Consumer = {
  readonly name: string
  readonly streamId: string
  readonly streamName: string
  readonly createdAtMs: number
  readonly status: 'CREATING' | 'ACTIVE' | 'DELETING'
  readonly dueAtMs?: number
  readonly tags: ReadonlyMap<string, string>
}

/** The registered consumers in the catalog, by stream. */
export class ConsumerStore {
  constructor(_catalog: Catalog, _place: Place) {}

  /** In order of name. */
  ofStream(_stream: Stream): Consumer[] {
    return []
  }

  /** Removes all consumers of a stream that is being deleted. */
  async removeAll(_stream: Stream): Promise<void> {}
}
