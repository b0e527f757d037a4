import type { UserRecord } from '@millrace/consumer'
import type { Transformer } from './pipeline.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Records as they are. */
export const bytesTransformer: Transformer<Uint8Array, Uint8Array> = {
  toModels: ({ data }) => [data],
  fromModel: (data) => data,
}

/** Records as text. Fails those that are not UTF-8. */
export const textTransformer: Transformer<string, string> = {
  toModels: ({ data }) => [utf8.decode(data)],
  fromModel: (text) => text,
}

/**
 * Records that hold JSON. `fromModel` makes of a value what the emitter wants. Fails those that are no JSON, and those
 * that `check` throws for.
 */
export function jsonTransformer<Model, Out>(
  fromModel: (model: Model, record: UserRecord) => Out | Promise<Out>,
  check: (value: unknown) => Model = (value) => value as Model,
): Transformer<Model, Out> {
  return { toModels: ({ data }) => [check(JSON.parse(utf8.decode(data)))], fromModel }
}
