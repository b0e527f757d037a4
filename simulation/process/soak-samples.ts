import { percentile } from './percentiles.ts'

export type Sample = {
  readonly atS: number
  readonly residentBytes: number
  /** Once the garbage is collected. */
  readonly usedBytes: number
  readonly handles: number
  readonly diskBytes: number
}

/**
 * What may be between the second third and the last one of a run: the first is for warming up. Below `enough` it is level
 * whatever was before: how many free pages V8 keeps of a young heap is its own affair, and one minute does not settle it.
 */
const growthMax = {
  /** The garbage collector takes its time: a tenth, and what a young heap may gain. */
  residentBytes: { factor: 1.1, more: 24 * 1024 * 1024, enough: 256 * 1024 * 1024 },
  /** What is on its way may differ; what leaks is more than that. */
  usedBytes: { factor: 1.1, more: 8 * 1024 * 1024, enough: 0 },
  handles: { factor: 1, more: 8, enough: 0 },
  /** Retention gives space back in steps. */
  diskBytes: { factor: 1.25, more: 64 * 1024 * 1024, enough: 0 },
}

export type Level = {
  readonly name: keyof typeof growthMax
  readonly before: number
  readonly after: number
  readonly isLevel: boolean
}

/** Whether memory, handles and disk are level: the median of the last third against that of the one before. */
export function levels(samples: readonly Sample[]): Level[] {
  const third = Math.floor(samples.length / 3)
  return (Object.keys(growthMax) as (keyof typeof growthMax)[]).map((name) => {
    const { factor, more, enough } = growthMax[name]
    const before = percentile(
      samples.slice(third, 2 * third).map((sample) => sample[name]),
      0.5,
    )
    const after = percentile(
      samples.slice(2 * third).map((sample) => sample[name]),
      0.5,
    )
    return { name, before, after, isLevel: after <= Math.max(before * factor + more, enough) }
  })
}
