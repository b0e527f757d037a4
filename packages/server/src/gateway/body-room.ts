import type { Clock } from '@millrace/ports'

/** Smaller bodies come in always: what they take together is bounded by the number of requests. */
const roomFromBytes = 16 * 1024

/** From this size on, only one body is taken apart in each turn of the event loop, and small requests come between. */
const turnFromBytes = 128 * 1024

/** While others wait, a body must come so fast that all of it is there after this time, in milliseconds. */
const comeWithinMs = 10_000
/** Nobody is called slow before. */
const graceMs = 1000
const lookEveryMs = 500

/** What one of those who share the room may have of it. */
export type Share = { heldBytes: number; readonly bytesMax: number }

/** A body that is on its way in. */
export type Coming = {
  readonly sizeBytes: number
  readonly sinceMs: number
  receivedBytes: number
  /** Lets go of the client; set by who reads. */
  giveUp: () => void
}

/** Smaller ones do not. */
export const needsRoom = (sizeBytes: number): boolean => sizeBytes >= roomFromBytes

type Waiting = { readonly sizeBytes: number; readonly share: Share; readonly enter: () => void }

/**
 * Bytes of bodies that are read and worked on at once: admits large bodies by their size, in the order in which they came. A client
 * above it is not read from until there is room: its bytes stay in its own socket's buffers, and it feels it as a slow network.
 * Who announces much and sends little keeps nobody waiting.
 */
export class BodyRoom {
  readonly #bytesMax: number
  readonly #clock: Clock
  #heldBytes = 0
  #waiting: Waiting[] = []
  #turns: (() => void)[] = []
  readonly #coming = new Set<Coming>()
  #isLooking = false

  constructor(bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax
    this.#clock = clock
  }

  /** Resolves once there is room; undefined if there is at once. A body larger than all of it comes in alone. */
  enter(sizeBytes: number, share: Share): Promise<void> | undefined {
    if (this.#fits(sizeBytes, share) && this.#waiting.every((other) => !fitsShare(other.sizeBytes, other.share))) {
      this.#take(sizeBytes, share)
      return undefined
    }
    return new Promise((enter) => {
      this.#waiting.push({ sizeBytes, share, enter })
      if (!this.#isLooking) this.#look()
    })
  }

  /** Gives back what `enter` took. */
  leave(sizeBytes: number, share: Share): void {
    this.#take(-sizeBytes, share)
    if (this.#waiting.length > 0) this.#admit()
  }

  /** A body that has room begins to come. */
  begin(sizeBytes: number): Coming {
    const coming: Coming = { sizeBytes, sinceMs: this.#clock.monotonicMs(), receivedBytes: 0, giveUp: () => {} }
    this.#coming.add(coming)
    return coming
  }

  /** It is there, or will not be. */
  end(coming: Coming): void {
    this.#coming.delete(coming)
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

  /** Who has used up a share of their own keeps nobody else waiting. */
  #admit(): void {
    const still: Waiting[] = []
    let isFull = false
    for (const next of this.#waiting) {
      if (isFull || !fitsShare(next.sizeBytes, next.share)) still.push(next)
      else if (!this.#fits(next.sizeBytes, next.share)) {
        isFull = true
        still.push(next)
      } else {
        this.#take(next.sizeBytes, next.share)
        next.enter()
      }
    }
    this.#waiting = still
  }

  /** While somebody waits, those who are slow are let go of. */
  #look(): void {
    this.#isLooking = this.#waiting.length > 0
    if (!this.#isLooking) return
    this.#clock.after(lookEveryMs, () => {
      const nowMs = this.#clock.monotonicMs()
      for (const coming of this.#coming) {
        const dueMs = nowMs - coming.sinceMs - graceMs
        if (dueMs > 0 && coming.receivedBytes < (coming.sizeBytes * dueMs) / comeWithinMs) coming.giveUp()
      }
      this.#look()
    })
  }

  #take(sizeBytes: number, share: Share): void {
    this.#heldBytes += sizeBytes
    share.heldBytes += sizeBytes
  }

  #fits(sizeBytes: number, share: Share): boolean {
    return (this.#heldBytes === 0 || this.#heldBytes + sizeBytes <= this.#bytesMax) && fitsShare(sizeBytes, share)
  }
}

const fitsShare = (sizeBytes: number, { heldBytes, bytesMax }: Share): boolean =>
  heldBytes === 0 || heldBytes + sizeBytes <= bytesMax
