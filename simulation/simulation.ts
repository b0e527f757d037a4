import { runHistory } from './history.ts'

export type Totals = {
  readonly histories: number
  readonly steps: number
  /** Disks as a crash left them that were opened and checked. */
  readonly images: number
}

export type SimulationOptions = {
  /** The first history's; each further one has the next. */
  readonly seed: number
  /** Ends when so many images were checked, or so many histories ran, whichever is first. */
  readonly imagesMax: number
  readonly historiesMax?: number
  readonly onHistory?: (totals: Totals) => void
}

/** Runs histories, one by one. Resolves with what was done. @throws HistoryFailed, which names the history's seed */
export async function simulate(options: SimulationOptions): Promise<Totals> {
  const { seed, imagesMax, historiesMax = Number.POSITIVE_INFINITY, onHistory } = options
  let totals: Totals = { histories: 0, steps: 0, images: 0 }
  while (totals.images < imagesMax && totals.histories < historiesMax) {
    const { images, steps } = await runHistory((seed + totals.histories) >>> 0)
    totals = {
      histories: totals.histories + 1,
      steps: totals.steps + steps,
      images: totals.images + images,
    }
    onHistory?.(totals)
    await new Promise((resolve) => setImmediate(resolve)) // all else is microtasks: signals and output get their turn
  }
  return totals
}
