import process from 'node:process'
import { Command } from '../scripts/command-options.ts'
import type { HistoryFailed } from './history.ts'
import { plant, plantedBugs } from './planted-bug.ts'
import { SimulationProgress } from './simulation-progress.ts'

const help = `npm run simulate [-- OPTIONS]

Histories of the storage on a simulated disk, and crashes at any moment of them, until a million images of what a crash can
leave were opened and checked. The same seed does the same. Ends with 1 when a promise was broken, and prints the command
that shows it again.

  --images N      so many images; 1000000 unless said otherwise
  --seed N        begins with this seed
  --histories N   so many histories at most
  --model N       instead: N histories that fast-check makes, and makes shorter when one fails
  --bug NAME      plants a bug in the engine, which must be found
  --list-bugs     names them

Without any option all else follows that is done to the storage: faults on the real process, damage, the soak; and a table of
what came of it (some 45 minutes more, on a machine that does little else).
`

const command: Command = new Command('npm run simulate', help)
const { values: options } = command.read({
  options: {
    seed: { type: 'string' },
    images: { type: 'string', default: '1000000' },
    histories: { type: 'string' },
    bug: { type: 'string' },
    model: { type: 'string' },
    'list-bugs': { type: 'boolean', default: false },
  },
})

if (options['list-bugs']) {
  process.stdout.write(`${plantedBugs.map(({ name }) => name).join('\n')}\n`)
  process.exit()
}

const seed = options.seed === undefined ? Date.now() >>> 0 : command.integer('seed', options.seed)
const imagesMax = command.integer('images', options.images)
const historiesMax = options.histories === undefined ? undefined : command.integer('histories', options.histories)
if (options.bug !== undefined) {
  const bug = plantedBugs.find(({ name }) => name === options.bug)
  if (!bug) command.refuse(`there is no bug "${options.bug}": see --list-bugs`)
  plant(bug)
  process.stdout.write(`planted: ${bug.name}\n`)
}

process.stdout.write(`seed ${seed}\n`)
const modelled = options.model === undefined ? undefined : command.integer('model', options.model)
const progress =
  modelled === undefined
    ? new SimulationProgress(process.stdout, ({ images }) => images / imagesMax)
    : new SimulationProgress(process.stdout, ({ histories }) => histories / modelled)
try {
  // Only now: what is imported from here on has the bug.
  if (modelled === undefined) {
    const { simulate } = await import('./simulation.ts')
    await simulate({ seed, imagesMax, historiesMax, onHistory: (totals) => progress.show(totals) })
  } else {
    const { checkModel } = await import('./model.ts')
    await checkModel(modelled, seed, (totals) => progress.show(totals))
  }
  progress.end()
  process.stdout.write('nothing acknowledged was lost, served twice or out of order\n')
  if (process.argv.length === 2) {
    const { showSafety } = await import('./safety-table.ts')
    if (!(await showSafety(process.stdout))) process.exitCode = 1
  }
} catch (error) {
  progress.end()
  tell(error as HistoryFailed)
  process.exitCode = 1
}

function tell(failed: HistoryFailed): void {
  const { message, steps, cause } = failed
  for (const [i, step] of (steps ?? []).entries())
    process.stderr.write(`${String(i + 1).padStart(4)}  ${JSON.stringify(step)}\n`)
  process.stderr.write(`\n${message}\n${(cause as Error | undefined)?.stack ?? failed.stack}\n`)
  const planted = options.bug === undefined ? '' : ` --bug ${options.bug}`
  const which = modelled === undefined ? `--seed ${failed.seed} --histories 1` : `--seed ${seed} --model ${modelled}`
  process.stderr.write(`\nagain:  npm run simulate -- ${which}${planted}\n`)
}
