import type { KeyObject } from 'node:crypto'

/** A key that entries of logs are sealed with on the disk. Numbers are given once, from 1 on, and never again. */
export type DataKey = {
  readonly id: number
  /** 256 bits. */
  readonly secret: KeyObject
}

/** In place of a key's number: by none. */
export const noDataKey = 0

/** Where storage has its keys from. It asks for each put and each read, so that a key that is taken away is gone at once. */
export interface DataKeys {
  /** The key, if it is in memory and may still be used without asking anybody. */
  held(id: number): DataKey | undefined
  /**
   * The key, from a key service if need be: it may be used for what is being asked, also if it is not `held` after that.
   * @throws AwsError of the key service (KMSDisabledException …), or an Error when the key is gone
   */
  find(id: number): Promise<DataKey>
}

/** Keys that are asked for when a first one is needed; without `open` there are none. */
export function keysWhenNeeded(open: (() => DataKeys) | undefined): DataKeys {
  let keys: DataKeys | undefined
  const opened = () => {
    if (!open) throw new Error('there is a log that is sealed, and nobody keeps data keys for it')
    keys ??= open()
    return keys
  }
  return { held: (id) => (open ? opened().held(id) : undefined), find: async (id) => opened().find(id) }
}

/** What may be used for one thing that is asked: each key is asked for once. @throws what `find` does */
export async function findAll(keys: DataKeys, ids: Iterable<number>): Promise<ReadonlyMap<number, DataKey>> {
  const found = new Map<number, DataKey>()
  for (const id of ids) found.set(id, keys.held(id) ?? (await keys.find(id)))
  return found
}
