/** How long a shard or stream is watched before it counts as hot, or before its traffic counts as a peak. */
export const windowMinutes = 15

/** Bytes in each of the last 15 whole minutes, and in the one that runs. */
export class TrafficWindow {
  #minute: number
  #current = 0
  readonly #closed = new Float64Array(windowMinutes)

  constructor(minute: number) {
    this.#minute = minute
  }

  add(sizeBytes: number): void {
    this.#current += sizeBytes
  }

  /** Moves on to a later minute. `left` is told each minute that leaves the window, with its bytes. */
  moveTo(minute: number, left?: (minute: number, bytes: number) => void): void {
    // After so many steps nothing is left in the window, however long nobody came by.
    const lastStep = Math.min(minute, this.#minute + windowMinutes + 1)
    for (; this.#minute < lastStep; this.#minute++) {
      const slot = this.#minute % windowMinutes
      left?.(this.#minute - windowMinutes, this.#closed[slot]!)
      this.#closed[slot] = this.#current
      this.#current = 0
    }
    this.#minute = Math.max(this.#minute, minute)
  }

  /** Bytes of the whole minutes together. */
  total(): number {
    return this.#closed.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Bytes of the fullest whole minute. */
  peak(): number {
    return this.#closed.reduce((most, bytes) => Math.max(most, bytes), 0)
  }
}

const hoursKept = 30 * 24

/** The fullest minute of each hour in 30 days. */
export class PeakHistory {
  #hour: number
  readonly #peaks = new Float64Array(hoursKept)

  constructor(minute: number) {
    this.#hour = Math.floor(minute / 60)
  }

  /** Counts a minute, if it is not too long ago. */
  add(minute: number, bytes: number): void {
    const hour = Math.floor(minute / 60)
    if (hour > this.#hour) this.moveTo(minute)
    if (hour <= this.#hour - hoursKept || hour < 0) return
    const slot = hour % hoursKept
    this.#peaks[slot] = Math.max(this.#peaks[slot]!, bytes)
  }

  /** Forgets what is older than 30 days at a minute. */
  moveTo(minute: number): void {
    const hour = Math.floor(minute / 60)
    if (hour - this.#hour >= hoursKept) this.#peaks.fill(0)
    else for (let passed = this.#hour + 1; passed <= hour; passed++) this.#peaks[passed % hoursKept] = 0
    this.#hour = Math.max(this.#hour, hour)
  }

  /** Bytes of the fullest minute. */
  peak(): number {
    return this.#peaks.reduce((most, bytes) => Math.max(most, bytes), 0)
  }
}
