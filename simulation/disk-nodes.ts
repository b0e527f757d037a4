/*
 * What lies on a simulated disk. Every node has two faces: what a running process sees, and what is sure to be there
 * after the power failed.
 *
 *   file        [ synced bytes .......... | unsynced | failed | unsynced ]
 *                                         ^ syncedLength                 ^ length
 *   directory   names as they are seen; names as they were last synced; the changes between, in order
 *
 * Bytes are never changed where they are (the FileSystem port has nothing for it), so copies share them until one grows.
 */

/** Bytes that a power loss may take. Those of a failed sync no later sync makes durable: the system calls them clean. */
export type Unsynced = { readonly from: number; readonly to: number; readonly isFailed: boolean }

export class SimulatedFile {
  bytes: Uint8Array
  length: number
  /** The length that is durable, whatever the bytes in it are. */
  syncedLength: number
  /** In order of place. */
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

  append(parts: readonly Uint8Array[]): void {
    let length = this.length
    for (const part of parts) length += part.byteLength
    if (length === this.length) return
    if (!this.#ownsBytes || length > this.bytes.byteLength) {
      const larger = new Uint8Array(Math.max(256, 2 * length))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
      this.#ownsBytes = true
    }
    this.unsynced.push({ from: this.length, to: length, isFailed: false })
    for (const part of parts) {
      this.bytes.set(part, this.length)
      this.length += part.byteLength
    }
  }

  sync(): void {
    this.unsynced = this.unsynced.filter(({ isFailed }) => isFailed)
    this.syncedLength = this.length
    this.uncut = undefined
  }

  /** What a failed fsync leaves: nothing is known to be on the disk, and the next one will not try again. */
  failSync(): void {
    this.unsynced = this.unsynced.map(({ from, to }) => ({ from, to, isFailed: true }))
  }

  /** Lets go of what is beyond a length. */
  cut(length: number): void {
    if (length >= this.length) return
    this.uncut ??= this.copy()
    this.length = length
    this.syncedLength = Math.min(this.syncedLength, length)
    this.unsynced = this.unsynced
      .filter(({ from }) => from < length)
      .map(({ from, to, isFailed }) => ({ from, to: Math.min(to, length), isFailed }))
    this.#ownsBytes = false // what is written now must not change what was there before the cut
  }

  copy(): SimulatedFile {
    const copy = new SimulatedFile(this.bytes, this.length, this.syncedLength, [...this.unsynced])
    copy.uncut = this.uncut
    return copy
  }
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
