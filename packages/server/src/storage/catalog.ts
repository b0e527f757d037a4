/*
 * What the services remember beside records: streams, consumers, settings, leases. A few thousand small values with
 * one total order of changes. Every process holds all of it in memory, so reading is immediate; a change is decided
 * where it is applied, and nobody is a leader.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export type Versioned = {
  readonly key: string
  readonly value: Json
  /** Rises with each change of the whole catalog; never given twice. */
  readonly version: number
}

/** One of several changes that are made together. */
export type CatalogChange = {
  readonly key: string
  /** Of the value as it must still be; 0: there must be none. */
  readonly expectedVersion: number
  /** `keep` changes nothing: it only asks that nobody else has. */
  readonly action: 'put' | 'delete' | 'keep'
  /** For `put`. */
  readonly value?: Json
}

export interface Catalog {
  /** The value as it is now. Nobody may change it in place. */
  get(key: string): Versioned | undefined
  /** All values whose key begins with `prefix`, in order of key (by code unit). */
  list(prefix: string): Versioned[]
  /**
   * Writes if the value is still at `expectedVersion` (0: if there is none). Resolves, once durable and visible to
   * `get`, with the new version, or with undefined if someone else was first. @throws StorageFailed
   */
  put(key: string, value: Json, expectedVersion: number): Promise<number | undefined>
  /** Deletes if the value is still at `expectedVersion`. True if it did. @throws StorageFailed */
  delete(key: string, expectedVersion: number): Promise<boolean>
  /**
   * Makes all changes, each of another key, or none of them: whatever happens, nobody ever sees a part. Resolves, once
   * durable and visible, with the version of all of them, or with undefined if one value was at another version.
   * @throws StorageFailed
   */
  commit(changes: readonly CatalogChange[]): Promise<number | undefined>
  /**
   * Calls `listener` with the key after each change below `prefix`, in order, after `get` shows it; not with what is
   * there already. Returns how to stop.
   */
  watch(prefix: string, listener: (key: string) => void): () => void
}
