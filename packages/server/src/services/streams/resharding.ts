import type { StreamsContext } from './context.ts'
import type { Stream } from './stream.ts'

/** Does a due split, merge or round of scaling: `stream.pending` says which. Safe to do again after a crash. */
export async function completeResharding(_context: StreamsContext, _stream: Stream): Promise<void> {}
