/*
 * Packs what `npm run build` made, installs it in a stranger's folder, and starts a server from there: what npm's users
 * get must work without this repository. Then `millrace inspect` looks at what that server kept.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))

const usage = `
import { startMillrace } from 'millrace'
const server = await startMillrace({ data: 'kept' })
const answer = await fetch(server.url + '/health')
console.log('started from the packed package:', answer.status, await answer.text())
await server.stop()
`

try {
  for (const name of ['ports', 'formats', 'server'])
    run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], join(root, 'packages', name, 'dist'))
  const archives = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...archives.map((name) => `./${name}`)], folder)
  writeFileSync(join(folder, 'usage.js'), usage)
  run(process.execPath, ['usage.js'], folder)
  run(join(folder, 'node_modules/.bin/millrace'), ['--version'], folder)
  run(join(folder, 'node_modules/.bin/millrace'), ['inspect', 'kept'], folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  process.stderr.write(`${command} ${args[0]}: ${error?.message ?? `exit code ${status}`}\n`)
  rmSync(folder, { recursive: true, force: true })
  process.exit(1)
}
