import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const commands = {
  'npm run bench': 'benchmarks/run.ts',
  'npm run simulate': 'simulation/run.ts',
  'npm run soak': 'simulation/process/soak.ts',
  'npm run demo': 'scripts/demo/demo.ts',
}

const run = (file: string, ...options: string[]) =>
  spawnSync(process.execPath, [join(root, file), ...options], { encoding: 'utf8', timeout: 60_000 })

for (const [name, file] of Object.entries(commands)) {
  test(`${name} says what it does, and what is wrong with an option in one line`, () => {
    const help = run(file, '--help')
    assert.equal(help.status, 0)
    assert.ok(help.stdout.startsWith(name), help.stdout)
    const unknown = run(file, '--no-such')
    assert.equal(unknown.status, 2)
    assert.equal(unknown.stderr, `${name}: there is no option --no-such. See ${name} -- --help\n`)
  })
}

test('a number that is none is refused before anything begins', () => {
  for (const [file, option] of [
    ['benchmarks/run.ts', '--rounds'],
    ['benchmarks/run.ts', '--gigabytes'],
    ['simulation/run.ts', '--images'],
    ['simulation/process/soak.ts', '--minutes'],
    ['scripts/demo/demo.ts', '--passes'],
  ] as const) {
    const { status, stderr, stdout } = run(file, `${option}=many`)
    assert.equal(status, 2, `${file} ${option}`)
    assert.match(stderr, new RegExp(`^npm run \\w+: ${option} must be a (whole )?number [^\n]*, not "many"\n$`))
    assert.equal(stdout, '')
  }
})
