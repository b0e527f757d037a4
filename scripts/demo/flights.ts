import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A US flight of 2001, as the Bureau of Transportation Statistics recorded it. */
export type Flight = {
  /** `2001/01/01 00:47` */
  readonly date: string
  /** Minutes late; negative when early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

const path = join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-20k.json')
const dayMs = 86_400_000

/** The flights of the data set in order of time, passed over `passes` times, each pass later than the one before. */
export function flights(passes: number): Flight[] {
  const once = JSON.parse(readFileSync(path, 'utf8')) as Flight[]
  const timesMs = once.map(({ date }) => Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}Z`))
  const first = Math.min(...timesMs)
  const passMs = Math.ceil((Math.max(...timesMs) - first + 1) / dayMs) * dayMs
  const order = timesMs.map((_, i) => i).sort((a, b) => timesMs[a]! - timesMs[b]!)
  return Array.from({ length: passes }, (_, pass) =>
    order.map((i) => ({ ...once[i]!, date: dateAt(timesMs[i]! + pass * passMs) })),
  ).flat()
}

function dateAt(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replaceAll('-', '/').replace('T', ' ')
}
