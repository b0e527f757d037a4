import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Column, Figure, Measured, Question, Requirement } from './question.ts'

/** How much else the machine had to do: processes that wanted a processor, in the minute before the run. */
const load = loadavg()[0]!

/** Medians, and beside each what it must reach, what it reached (the median of the rounds' ratios), and whether it did. */
export function renderTable(
  questions: readonly Question[],
  columns: readonly Column[],
  rounds: number,
  measuredIn: (round: number) => Measured,
): string {
  const overRounds = (value: (measured: Measured) => number | undefined) =>
    median(Array.from({ length: rounds }, (_, round) => value(measuredIn(round))))

  const rowOf = ({ title, unit, must = [] }: Figure): string[] => {
    const cells = columns.map((column) => shown(overRounds((measured) => measured(column, title))))
    const reached = must.map((requirement) => [requirement, overRounds(requirement.reached)] as const)
    const known = reached.filter(([, value]) => value !== undefined) as (readonly [Requirement, number])[]
    return [
      title,
      unit,
      ...cells,
      must.map(({ text }) => text).join('; '),
      reached.map(([{ shown }, value]) => (value === undefined ? '–' : shown(value))).join('; '),
      reached.length > known.length
        ? 'not asked'
        : known.map(([{ holds }, value]) => (holds(value) ? 'ok' : 'short')).join('; '),
    ]
  }

  const head = ['question', 'unit', ...columns, 'must reach', 'reached', 'verdict']
  const rule = head.map((_, i) => (i >= 2 && i < 2 + columns.length ? '---:' : '---'))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${process.platform}`
  const when = new Date().toISOString().slice(0, 10)
  const rows = questions.flatMap(({ figures }) => figures.map(rowOf))
  const under = `Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${when}, on ${machine}, load average before: ${load.toFixed(1)}.`
  return [line(head), line(rule), ...rows.map(line), '', under].join('\n')
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  return known[Math.floor(known.length / 2)]
}

function shown(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function writeTable(table: string): void {
  const path = join(import.meta.dirname, 'README.md')
  const page = readFileSync(path, 'utf8')
  const marked = /(<!-- table -->\n)[\s\S]*?(<!-- end of table -->)/
  writeFileSync(
    path,
    page.replace(marked, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`),
  )
}
