/**
 * Bytes of bodies that are read and worked on at once. A client above it is not read from until there is room: its
 * bytes stay in its own socket's buffers, and it feels it as a slow network.
 */
export const bodyRoomBytesMax = 32 * 1024 * 1024

/** Smaller bodies come in always: what they take together is bounded by the number of connections. */
const roomFromBytes = 16 * 1024

/** From this size on, only one body is taken apart in each turn of the event loop, and small requests come between. */
const turnFromBytes = 128 * 1024

type Waiting = { readonly sizeBytes: number; readonly enter: () => void }

/** Admits large bodies by their size, in the order in which they came. */
export class BodyRoom {
  readonly #bytesMax: number
  #heldBytes = 0
  #waiting: Waiting[] = []
  #turns: (() => void)[] = []

  constructor(bytesMax = bodyRoomBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** Resolves once there is room; undefined if there is at once. A body larger than all of it comes in alone. */
  enter(sizeBytes: number): Promise<void> | undefined {
    if (sizeBytes < roomFromBytes) return undefined
    if (this.#waiting.length === 0 && this.#fits(sizeBytes)) {
      this.#heldBytes += sizeBytes
      return undefined
    }
    return new Promise((enter) => this.#waiting.push({ sizeBytes, enter }))
  }

  /** Gives back what `enter` took. */
  leave(sizeBytes: number): void {
    if (sizeBytes < roomFromBytes) return
    this.#heldBytes -= sizeBytes
    let admitted = 0
    for (const { sizeBytes: next, enter } of this.#waiting) {
      if (!this.#fits(next)) break
      this.#heldBytes += next
      admitted++
      enter()
    }
    if (admitted > 0) this.#waiting = this.#waiting.slice(admitted)
  }

  /** Resolves when a body that was read may be taken apart; undefined if it is small. */
  turn(sizeBytes: number): Promise<void> | undefined {
    if (sizeBytes < turnFromBytes) return undefined
    return new Promise((begin) => {
      this.#turns.push(begin)
      if (this.#turns.length === 1) setImmediate(this.#nextTurn)
    })
  }

  readonly #nextTurn = () => {
    const begin = this.#turns[0]!
    begin()
    // Still in the list until what it began has run: who comes meanwhile waits for the next turn of the loop.
    setImmediate(() => {
      this.#turns.shift()
      if (this.#turns.length > 0) this.#nextTurn()
    })
  }

  #fits(sizeBytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + sizeBytes <= this.#bytesMax
  }
}
