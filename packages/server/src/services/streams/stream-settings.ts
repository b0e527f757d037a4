import type { StreamsContext } from './context.ts'
import { streamNotActive } from './faults.ts'
import { changed, type Stream } from './stream.ts'

type Settings = Partial<Omit<Stream, 'shardMap' | 'status' | 'pending'>>

/**
 * Changes what may be set on an ACTIVE stream; it is UPDATING for a while. `change` sees the newest stream, and may
 * throw to refuse. Returns the stream as it will be.
 * @throws ResourceNotFoundException, ResourceInUseException
 */
export function changeSettings(
  { clock, durations, place, streams }: StreamsContext,
  name: string,
  change: (stream: Stream) => Settings,
): Promise<Stream> {
  return streams.update(name, (stream) => {
    if (stream.status !== 'ACTIVE') throw streamNotActive(stream, place.accountId)
    const dueAtMs = clock.nowMs() + durations.updateMs
    return changed(stream, { ...change(stream), status: 'UPDATING', pending: { kind: 'settle', dueAtMs } })
  })
}
