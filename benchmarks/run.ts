/*
 * npm run bench [-- --write] [-- --only SERVER] [-- --question NAME] [-- --rounds N]
 *
 * Asks each question of each server, round by round in turn, each time on a fresh server, and prints the medians.
 * `--write` puts the table into benchmarks/README.md.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Figure, Question } from './question.ts'
import { getRecords } from './questions/get-records.ts'
import { memory } from './questions/memory.ts'
import { propagation } from './questions/propagation.ts'
import { putRecord } from './questions/put-record.ts'
import { putRecords } from './questions/put-records.ts'
import { startUp } from './questions/start-up.ts'
import { contestants, installPeers, start } from './servers.ts'

const questions: readonly Question[] = [putRecords, putRecord, getRecords, propagation, startUp, memory]

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    question: { type: 'string' },
    rounds: { type: 'string', default: '3' },
  },
})
const rounds = Number(options.rounds)
const servers = contestants.filter(({ name }) => !options.only || name === options.only)
const asked = questions.filter(({ name }) => !options.question || name === options.question)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

if (servers.some(({ name }) => name !== 'Millrace')) installPeers()
const rows: string[][] = []
for (const question of asked) {
  const medians = await ask(question)
  for (const [i, figure] of question.figures.entries())
    rows.push(
      rowOf(
        figure,
        medians.map((values) => values[i]),
      ),
    )
}
const table = renderTable()
process.stdout.write(`${table}\n`)
if (options.write) writeTable(table)

/** For each server, the median of each figure. */
async function ask({ name, figures, measure }: Question): Promise<(number | undefined)[][]> {
  const measured = servers.map(() => figures.map((): (number | undefined)[] => []))
  // The memory question takes a million records: once is enough.
  for (let round = 0; round < (name === 'memory' ? 1 : rounds); round++) {
    for (const [s, contestant] of servers.entries()) {
      process.stderr.write(`${name}, round ${round + 1}: ${contestant.name} ... `)
      const server = await start(contestant)
      try {
        const values = await measure(server)
        for (const [f, value] of values.entries()) measured[s]![f]!.push(value)
        process.stderr.write(`${values.map((value) => value?.toFixed(1) ?? '-').join(', ')}\n`)
      } finally {
        await server.stop()
      }
    }
  }
  return measured.map((ofServer) => ofServer.map(median))
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  return known[Math.floor(known.length / 2)]
}

function rowOf({ title, unit, better }: Figure, values: readonly (number | undefined)[]): string[] {
  const [ours, ...theirs] = values
  const cells = values.map((value) => (value === undefined ? '–' : format(value)))
  const ratios = theirs.map((value) => {
    if (ours === undefined || value === undefined) return '–'
    return `${(better === 'more' ? ours / value : value / ours).toFixed(1)} ×`
  })
  return [title, unit, ...cells, ...ratios]
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

function renderTable(): string {
  const peers = servers.slice(1).map(({ name }) => `better than ${name}`)
  const head = ['question', 'unit', ...servers.map(({ name }) => name), ...peers]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i < 2 ? '---' : '---:'))
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${process.platform}`
  const when = new Date().toISOString().slice(0, 10)
  return [line(head), line(rule), ...rows.map(line), '', `Medians of ${rounds} rounds, ${when}, on ${machine}.`].join(
    '\n',
  )
}

function writeTable(text: string): void {
  const path = join(import.meta.dirname, 'README.md')
  const page = readFileSync(path, 'utf8')
  const marked = /(<!-- table -->\n)[\s\S]*?(<!-- end of table -->)/
  writeFileSync(
    path,
    page.replace(marked, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  )
}
