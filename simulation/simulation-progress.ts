import type { Totals } from './simulation.ts'

const barWidth = 24

/** Shows how far a simulation is: one line that changes in a terminal, a line every few seconds elsewhere. */
export class SimulationProgress {
  readonly #portionOf: (totals: Totals) => number
  readonly #out: NodeJS.WriteStream
  readonly #everyMs: number
  readonly #startMs = performance.now()
  #shownMs = 0
  #totals: Totals = { histories: 0, steps: 0, images: 0 }

  /** `portionOf` says how much of the whole is done, from 0 to 1. */
  constructor(out: NodeJS.WriteStream, portionOf: (totals: Totals) => number) {
    this.#portionOf = portionOf
    this.#out = out
    this.#everyMs = out.isTTY ? 200 : 5_000
  }

  show(totals: Totals): void {
    this.#totals = totals
    const nowMs = performance.now()
    if (nowMs - this.#shownMs < this.#everyMs) return
    this.#shownMs = nowMs
    this.#write()
  }

  /** Shows where it ended. */
  end(): void {
    this.#write()
    if (this.#out.isTTY) this.#out.write('\n')
  }

  #write(): void {
    const { histories, steps, images } = this.#totals
    const portion = Math.min(1, this.#portionOf(this.#totals))
    const seconds = Math.max(0.001, (performance.now() - this.#startMs) / 1000)
    const filled = Math.round(portion * barWidth)
    const line = [
      `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${String(Math.floor(portion * 100)).padStart(3)} %`,
      `${count(images)} images`,
      `${count(histories)} histories, ${count(steps)} steps`,
      `${count(images / seconds)} images/s, ${count(histories / seconds)} histories/s`,
      portion < 1 && portion > 0 ? `${duration((seconds * (1 - portion)) / portion)} left` : duration(seconds),
    ].join('  ')
    this.#out.write(this.#out.isTTY ? `\r\x1b[2K${line.slice(0, this.#out.columns - 1)}` : `${line}\n`)
  }
}

const count = (value: number) => Math.round(value).toLocaleString('en')

function duration(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
