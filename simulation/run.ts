/*
 * npm run simulate [-- --seed N] [-- --images N] [-- --histories N] [-- --bug NAME] [-- --list-bugs] [-- --model N]
 *
 * Histories of the storage on a simulated disk, and crashes at any moment of them, until a million images of what a
 * crash can leave were opened and checked. The same seed does the same. Ends with 1 when a promise was broken, and
 * prints the command that shows it again. With --model, N histories that fast-check makes, and makes shorter.
 *
 * Without any option all else follows that is done to the storage: faults on the real process, damage, the soak; and a table
 * of what came of it (some 45 minutes more, on a machine that does little else).
 */

import process from 'node:process'
import { parseArgs } from 'node:util'
import type { HistoryFailed } from './history.ts'
import { plant, plantedBugs } from './planted-bug.ts'
import { SimulationProgress } from './simulation-progress.ts'

const { values: options } = parseArgs({
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

const seed = options.seed === undefined ? Date.now() >>> 0 : number('seed', options.seed)
const imagesMax = number('images', options.images)
const historiesMax = options.histories === undefined ? undefined : number('histories', options.histories)
if (options.bug !== undefined) {
  const bug = plantedBugs.find(({ name }) => name === options.bug)
  if (!bug) stop(`there is no bug "${options.bug}": see --list-bugs`)
  plant(bug)
  process.stdout.write(`planted: ${bug.name}\n`)
}

process.stdout.write(`seed ${seed}\n`)
const modelled = options.model === undefined ? undefined : number('model', options.model)
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

function number(name: string, text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) && value >= 0 ? value : stop(`--${name} is a whole number, and not "${text}"`)
}

function stop(line: string): never {
  process.stderr.write(`simulate: ${line}\n`)
  return process.exit(2)
}
