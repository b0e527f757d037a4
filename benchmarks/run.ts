import { Command } from '../scripts/command-options.ts'
import { missingKafka } from './kafka.ts'
import { profile } from './profile.ts'
import type { Column, Elsewhere, Measured, Question, Values } from './question.ts'
import { questions } from './questions.ts'
import { contestant, installPeers, start } from './servers.ts'
import { renderTable, writeTable } from './table.ts'
import { missingTelegraf } from './telegraf.ts'
import { requireWrk } from './wrk.ts'

const help = `npm run bench [-- OPTIONS]

Asks each question of each server, round by round in turn, each time on a fresh server; prints the medians, and beside them
what they must reach.

  --question NAME,…   these alone; each is a file in benchmarks/questions
  --only SERVER,…     these servers alone, e.g. Millrace,roofline
  --rounds N          5 unless said otherwise
  --gigabytes N       how much the question "retained" fills its folders with; 2 unless said otherwise
  --quick             one short round, to see that it runs
  --write             puts the table into benchmarks/README.md
  --profile           shows instead where Millrace's time goes in each question
`

/** What is no Kinesis, by what brings it onto this machine, or tells why it is not to be had here. */
const elsewhere: ReadonlyMap<Elsewhere, () => string | undefined> = new Map([
  ['Kafka', missingKafka],
  ['Kafka with flush.messages=1', missingKafka],
  ['Telegraf', missingTelegraf],
])
const columns: readonly Column[] = ['Millrace', 'roofline', 'kinesalite', 'kinesis-local', ...elsewhere.keys()]

const command = new Command('npm run bench', help)
const { values: options } = command.read({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    question: { type: 'string' },
    rounds: { type: 'string' },
    gigabytes: { type: 'string', default: '2' },
    profile: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})
const gigabytes = command.positive('gigabytes', options.gigabytes)
const effort = options.quick
  ? { warmUpSeconds: 1, seconds: 1, quick: true, gigabytes }
  : { warmUpSeconds: 3, seconds: 4, quick: false, gigabytes }
const rounds = command.integer('rounds', options.rounds ?? (options.quick ? '1' : '5'), 1)
const titles = questions.flatMap(({ figures }) => figures.map(({ title }) => title))
const twice = titles.filter((title, i) => titles.indexOf(title) < i)
if (twice.length > 0) throw new Error(`figures are known by their titles, and there are two of ${twice}`)
const asked = questions.filter(({ name }) => !options.question || options.question.split(',').includes(name))
const chosen = columns.filter((name) => !options.only || options.only.split(',').includes(name))
if (asked.length === 0) command.refuse(`no question is called ${options.question}; there are ${names(questions)}`)
if (chosen.length === 0) command.refuse(`no server is called ${options.only}; there are ${columns.join(', ')}`)

// Leaving through exit ends every process that was started.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

requireWrk()
if (options.profile) {
  for (const question of asked)
    process.stdout.write(`${question.name}: ${question.asks}\n\n${await profile(question, effort)}\n\n`)
  process.exit()
}
if (chosen.includes('kinesalite') || chosen.includes('kinesis-local')) installPeers()

const there = chosen.filter((column) => !isElsewhere(column) || isThere(column))

/** By column and the title of the figure: a value for each round. */
const measured = new Map<string, (number | undefined)[]>()
for (const question of asked) await ask(question)

const measuredIn =
  (round: number): Measured =>
  (column, title) =>
    measured.get(`${column}/${title}`)?.[round]
const table = renderTable(asked, there, rounds, measuredIn)
process.stdout.write(`${table}\n`)
if (options.write) writeTable(table)

async function ask(question: Question): Promise<void> {
  const isAsked = (column: Column) => {
    if (column === 'Millrace') return true
    if (column === 'roofline') return question.roofline !== undefined
    return isElsewhere(column) ? question.elsewhere?.[column] !== undefined : question.peers.includes(column)
  }
  for (let round = 0; round < Math.min(rounds, question.roundsMax ?? rounds); round++) {
    for (const column of there.filter(isAsked)) {
      process.stderr.write(`${question.name}, round ${round + 1} of ${rounds}: ${column} ... `)
      const values = await measure(question, column).catch((error: Error): Values => {
        process.stderr.write(`failed: ${error.message}\n`)
        process.exitCode = 1
        return question.figures.map(() => undefined)
      })
      for (const [f, { title }] of question.figures.entries()) {
        const key = `${column}/${title}`
        measured.set(key, [...(measured.get(key) ?? []), values[f]])
      }
      process.stderr.write(`${values.map((value) => value?.toFixed(1) ?? '–').join(', ')}\n`)
    }
  }
}

async function measure(question: Question, column: Column): Promise<Values> {
  if (column === 'roofline') return question.roofline!(effort)
  if (isElsewhere(column)) return question.elsewhere![column]!(effort)
  const server = await start(column === 'Millrace' ? contestant.millrace() : contestant[column]())
  try {
    return await question.measure(server, effort)
  } finally {
    await server.stop()
  }
}

function names(all: readonly { name: string }[]): string {
  return all.map(({ name }) => name).join(', ')
}

function isElsewhere(column: Column): column is Elsewhere {
  return elsewhere.has(column as Elsewhere)
}

/** Whether any question wants it, and this machine has it. */
function isThere(column: Elsewhere): boolean {
  if (!asked.some((question) => question.elsewhere?.[column])) return false
  const missing = elsewhere.get(column)!()
  if (missing !== undefined) process.stderr.write(`${column} is left out: ${missing}\n`)
  return missing === undefined
}
