/**
 * Memory for records that were read and are not delivered yet, of all shards together. Nobody waits for it: who finds it
 * full reads in small steps.
 */
export class BufferRoom {
  readonly #bytesMax: number
  readonly #held = new Map<object, number>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes room for a read; undefined if there is none, else how to give it back. */
  enter(bytes: number): (() => void) | undefined {
    if (this.#bytes + bytes > this.#bytesMax) return undefined
    this.#bytes += bytes
    return () => {
      this.#bytes -= bytes
    }
  }

  /** So many bytes are held for a shard now. */
  hold(owner: object, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(owner) ?? 0)
    if (bytes === 0) this.#held.delete(owner)
    else this.#held.set(owner, bytes)
  }
}
