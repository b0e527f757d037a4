/*
 * What lies on a simulated disk. Every node has two faces: what a running process sees, and what is sure to be there
 * after the power failed.
 *
 *   file        [ synced bytes .......... | unsynced | failed | unsynced ]        writes, in order of time, each with what
 *                                         ^ syncedLength                 ^ length  was in its place: they may lie upon
 *                                                                                  each other, and upon synced bytes
 *   directory   names as they are seen; names as they were last synced; the changes between, in order
 *
 * Copies share their bytes until one is written to.
 */

/** A write that a power loss may take. What a failed sync concerned no later sync makes durable: the system calls it clean. */
export type Unsynced = {
  readonly from: number
  readonly to: number
  /** What was there before it; nothing where the file ended. */
  readonly before: Uint8Array
  readonly isFailed: boolean
}

export class SimulatedFile {
  bytes: Uint8Array
  length: number
  /** The length that is durable, whatever the bytes in it are. */
  syncedLength: number
  /** In order of time. */
  unsynced: Unsynced[]
  /** As it was before it was cut: until the next sync a power loss may undo that. */
  uncut: SimulatedFile | undefined
  #ownsBytes: boolean

  constructor(bytes: Uint8Array = new Uint8Array(0), length = 0, syncedLength = 0, unsynced: Unsynced[] = []) {
    this.bytes = bytes
    this.length = length
    this.syncedLength = syncedLength
    this.unsynced = unsynced
    this.#ownsBytes = false
  }

  /** Writes from a place on that is not behind its end. Returns where the next byte would go. */
  write(parts: readonly Uint8Array[], from: number): number {
    let to = from
    for (const part of parts) to += part.byteLength
    if (to === from) return to
    this.#own(to)
    this.unsynced.push({ from, to, before: this.bytes.slice(from, Math.min(to, this.length)), isFailed: false })
    let at = from
    for (const part of parts) {
      this.bytes.set(part, at)
      at += part.byteLength
    }
    this.length = Math.max(this.length, to)
    return to
  }

  sync(): void {
    const synced = this.unsynced.filter(({ isFailed }) => !isFailed)
    this.unsynced = this.unsynced.filter(({ isFailed }) => isFailed).flatMap((failed) => without(failed, synced))
    this.syncedLength = this.length
    this.uncut = undefined
  }

  /** What a failed fsync leaves: nothing is known to be on the disk, and the next one will not try again. */
  failSync(): void {
    this.unsynced = this.unsynced.map((write) => ({ ...write, isFailed: true }))
  }

  /** Lets go of what is beyond a length. */
  cut(length: number): void {
    if (length >= this.length) return
    this.uncut ??= this.copy()
    this.length = length
    this.syncedLength = Math.min(this.syncedLength, length)
    this.unsynced = this.unsynced
      .filter(({ from }) => from < length)
      .map((write) => ({
        ...write,
        to: Math.min(write.to, length),
        before: write.before.subarray(0, length - write.from),
      }))
  }

  copy(): SimulatedFile {
    this.#ownsBytes = false
    const copy = new SimulatedFile(this.bytes, this.length, this.syncedLength, [...this.unsynced])
    copy.uncut = this.uncut
    return copy
  }

  /** Has bytes that nobody else has, for so many at least. */
  #own(length: number): void {
    if (this.#ownsBytes && length <= this.bytes.byteLength) return
    const larger = new Uint8Array(length <= this.bytes.byteLength ? this.bytes.byteLength : Math.max(256, 2 * length))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.#ownsBytes = true
  }
}

/** The parts of a failed write that no later one, which is synced, has gone over. */
function without(failed: Unsynced, synced: readonly Unsynced[]): Unsynced[] {
  let parts = [failed]
  for (const { from, to } of synced) {
    parts = parts.flatMap((part) => [
      { ...part, to: Math.min(part.to, from), before: part.before.subarray(0, Math.max(0, from - part.from)) },
      {
        ...part,
        from: Math.max(part.from, to),
        before: part.before.subarray(Math.max(0, to - part.from)),
      },
    ])
    parts = parts.filter((part) => part.from < part.to)
  }
  return parts
}

export type Node = SimulatedFile | SimulatedDirectory

/** One change of names: a creation sets, a removal clears, a rename does both at once. */
export type NameChange = { readonly clear?: string; readonly set?: string; readonly node?: Node }

export class SimulatedDirectory {
  readonly names: Map<string, Node>
  /** As of the last sync. */
  synced: Map<string, Node>
  changes: NameChange[]

  constructor(names = new Map<string, Node>(), synced = new Map<string, Node>(), changes: NameChange[] = []) {
    this.names = names
    this.synced = synced
    this.changes = changes
  }

  change(change: NameChange): void {
    applyChange(this.names, change)
    this.changes.push(change)
  }

  sync(): void {
    this.synced = new Map(this.names)
    this.changes = []
  }

  /** Copies it and all below it, with what is not synced. */
  copy(copies = new Map<Node, Node>()): SimulatedDirectory {
    const copyOf = (node: Node): Node => {
      let copy = copies.get(node)
      if (!copy) {
        copy = node instanceof SimulatedFile ? node.copy() : node.copy(copies)
        copies.set(node, copy)
      }
      return copy
    }
    const copied = (names: Map<string, Node>) => {
      const result = new Map<string, Node>()
      for (const [name, node] of names) result.set(name, copyOf(node))
      return result
    }
    const changes = this.changes.map((change) => (change.node ? { ...change, node: copyOf(change.node) } : change))
    return new SimulatedDirectory(copied(this.names), copied(this.synced), changes)
  }
}

export function applyChange(names: Map<string, Node>, { clear, set, node }: NameChange): void {
  if (clear !== undefined) names.delete(clear)
  if (set !== undefined) names.set(set, node!)
}
