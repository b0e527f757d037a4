import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'

type Row = { readonly origin: string; readonly delay: number }
type Airport = { flights: number; delaySum: number; late: number }

const lateMin = 60
const shownMax = 8

export type Answer = {
  readonly lines: readonly string[]
  readonly busiest: string
  readonly flights: number
  readonly objects: number
}

/**
 * Reads every Parquet object of a folder and answers
 *
 *   SELECT origin, count(*), avg(delay), count(delay >= 60) FROM flights GROUP BY origin ORDER BY 2 DESC LIMIT 8
 */
export async function askLake(directory: string): Promise<Answer> {
  const airports = new Map<string, Airport>()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const objects = entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name))
  for (const path of objects) {
    const bytes = await readFile(path)
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    for (const { delay, origin } of (await parquetReadObjects({ file })) as Row[]) {
      const airport = airports.get(origin) ?? { flights: 0, delaySum: 0, late: 0 }
      airports.set(origin, airport)
      airport.flights++
      airport.delaySum += delay
      if (delay >= lateMin) airport.late++
    }
  }
  const busiest = [...airports].sort(([, a], [, b]) => b.flights - a.flights).slice(0, shownMax)
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart(14))).join('')
  const lines = [
    row(['airport', 'flights', 'mean delay', `over ${lateMin} min`]),
    ...busiest.map(([origin, { flights, delaySum, late }]) =>
      row([origin, flights.toLocaleString('en'), `${(delaySum / flights).toFixed(1)} min`, late.toLocaleString('en')]),
    ),
  ]
  const flights = [...airports.values()].reduce((sum, airport) => sum + airport.flights, 0)
  return { lines, busiest: busiest[0]?.[0] ?? '', flights, objects: objects.length }
}
