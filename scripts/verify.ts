/*
 * Everything that CI runs: lint, types, then every test in one run, so that the output ends with the runner's count.
 *
 *   npm test                    all of it
 *   npm test -- unit            the tests beside the source
 *   npm test -- conformance     what AWS does, case by case, over HTTP
 *   npm test -- simulation      crashes of the storage on a disk in memory, by seed
 *   npm test -- planted         each bug that the simulation must find, put into the storage; takes minutes, and is not part of it
 *   npm test -- crash           faults on the real process; not part of "all of it", for it takes minutes
 *   npm test -- jvm             KCL, KPL and Flink, fetched by Maven and run; not part of "all of it" either
 *   npm test -- authenticated   the clients of AWS once more, and those in Java if they are there, on servers that verify who
 *                               signs
 *   npm test -- ends            Firehose's destinations as they really are: S3 and search servers; takes minutes, too
 *   npm test -- FILE...         these test files alone
 *
 * Narrowed runs skip lint and types. The first step that fails ends the run with its exit code.
 */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const suites: Record<string, readonly string[]> = {
  unit: ['packages/**/*.test.ts', 'scripts/**/*.test.ts'],
  conformance: ['conformance/!(jvm|ends)/**/*.test.ts', 'conformance/*.test.ts'],
  simulation: ['simulation/!(planted-bug).test.ts'],
  planted: ['simulation/planted-bug.test.ts'],
  crash: ['simulation/process/*.test.ts'],
  jvm: ['conformance/jvm/*.test.ts'],
  authenticated: ['conformance/clients/*.test.ts', 'conformance/jvm/{kcl2,kcl3,kpl,flink}.test.ts'],
  ends: ['conformance/ends/*.test.ts'],
}
const standard = ['unit', 'conformance', 'simulation'].map((name) => suites[name]!)

const chosen = process.argv.slice(2)
if (chosen.length === 0) {
  step('lint', installed('@biomejs/biome/bin/biome'), ['ci', '--error-on-warnings'])
  step('types', installed('typescript/bin/tsc'), ['-p', '.'])
}
if (chosen.includes('authenticated')) process.env.AUTHENTICATION = 'on'
if (chosen.includes('jvm')) step('jars', 'conformance/jvm/build.ts', [])
const files = chosen.length === 0 ? standard.flat() : chosen.flatMap((name) => suites[name] ?? testFile(name))
// Many wait for timers and processes: one more than the processors of a small machine keeps these busy. What measures the
// time of processes of its own must have the machine for itself.
step('tests', '--test', [`--test-concurrency=${chosen.includes('crash') ? 1 : 3}`, ...files])

/** Runs a step with this Node; ends the process with the step's exit code when it fails. */
function step(name: string, program: string, args: readonly string[]): void {
  process.stdout.write(`\n${name}\n`)
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(`${name}: failed\n`)
    process.exit(status ?? 1)
  }
}

function installed(path: string): string {
  return join(root, 'node_modules', path)
}

function testFile(name: string): string {
  if (existsSync(join(root, name)) || name.includes('*')) return name
  process.stderr.write(`npm test: "${name}" is neither a file nor one of ${Object.keys(suites).join(', ')}\n`)
  return process.exit(2)
}
