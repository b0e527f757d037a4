/*
 * Packs what `npm run build` made, lints each archive, and installs all of them in a stranger's folder. There a program that
 * uses every package is type-checked and run, and the first programs of the pages in docs/ are type-checked: what npm's users
 * get must work without this repository. Then `millrace inspect` looks at what that server kept.
 */

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const installed = (path: string) => join(root, 'node_modules', path)
const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))

/** A stranger's settings, stricter than ours: what we publish must pass them, too. */
const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    outDir: 'built',
    types: ['node'],
  },
  include: ['*.ts'],
}

/** The pages whose first program has to compile. */
const pages = ['connectors', 'consumer', 'producer']

try {
  for (const name of ['ports', 'formats', 'producer', 'consumer', 'connectors', 'agent', 'server'])
    run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], join(root, 'packages', name, 'dist'))
  const archives = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  for (const archive of archives) node([installed('publint/src/cli.js'), 'run', archive, '--strict'])
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const npmOptions = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', ...npmOptions, '@types/node@24', ...archives.map((name) => `./${name}`)], folder)

  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  copyFileSync(join(root, 'scripts/stranger/usage.ts'), join(folder, 'usage.ts'))
  for (const page of pages) writeFileSync(join(folder, `${page}-page.ts`), `${firstProgram(page)}\nexport {}\n`)
  node([installed('typescript/bin/tsc'), '-p', '.'])
  node(['built/usage.js'])
  run(join(folder, 'node_modules/.bin/millrace'), ['--version'], folder)
  run(join(folder, 'node_modules/.bin/millrace'), ['inspect', 'kept'], folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The first block of TypeScript of a page. */
function firstProgram(page: string): string {
  const text = readFileSync(join(root, 'docs', `${page}.md`), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(text)?.[1]
  if (!program) throw new Error(`docs/${page}.md has no program`)
  return program
}

function node(args: readonly string[]): void {
  run(process.execPath, args, folder)
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  process.stderr.write(`${command} ${args[0]}: ${error?.message ?? `exit code ${status}`}\n`)
  rmSync(folder, { recursive: true, force: true })
  process.exit(1)
}
