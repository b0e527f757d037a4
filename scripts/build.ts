/*
 * npm run build: the packages as npm gets them, in packages/X/dist: JavaScript, declarations, and a package.json whose
 * exports and commands point at them. `npm pack packages/X/dist` makes the archive.
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

type Manifest = {
  readonly name: string
  readonly exports: string | Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

const billOfMaterials = 'sbom.cdx.json'

/** Each after those that it depends on. */
const packages = ['ports', 'formats', 'producer', 'consumer', 'connectors', 'agent', 'server']

for (const folder of packages) build(join(root, 'packages', folder))
writeBillOfMaterials()

/** What the server is made of, by the lockfile (CycloneDX): goes with its package. */
function writeBillOfMaterials(): void {
  const args = ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx', '--package-lock-only', '-w', 'packages/server']
  const { status, stdout } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) process.exit(status ?? 1)
  const bill = JSON.parse(stdout)
  bill.metadata.component.name = 'millrace' // npm has the name of the folder that the repository lies in
  const path = join(root, 'packages/server/dist', billOfMaterials)
  writeFileSync(path, `${JSON.stringify(bill, undefined, 2)}\n`)
  process.stdout.write(`wrote ${path}: ${bill.components.length} components\n`)
}

function build(folder: string): void {
  const dist = join(folder, 'dist')
  rmSync(dist, { recursive: true, force: true })
  compile(folder, dist)
  const manifest = manifestIn(folder)
  const bin =
    manifest.bin && Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, built(path)]))
  const published = {
    ...manifest,
    exports: Object.fromEntries(
      Object.entries(entriesOf(manifest)).map(([entry, path]) => [
        entry,
        { types: built(path, '.d.ts'), default: built(path) },
      ]),
    ),
    ...(bin && { bin }),
    files: manifest.name === 'millrace' ? ['src', billOfMaterials] : ['src'],
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
  for (const path of Object.values(bin ?? {})) chmodSync(join(dist, path), 0o755)
  // What is run as it is, by another program than Node.
  for (const path of globSync('src/**/*.py', { cwd: folder })) copyFileSync(join(folder, path), join(dist, path))
  copyFileSync(join(root, 'LICENSE'), join(dist, 'LICENSE'))
  process.stdout.write(`built ${manifest.name} in ${dist}\n`)
}

/** Tests and their fixtures stay at home. */
function compile(folder: string, dist: string): void {
  const config = join(folder, 'tsconfig.build.json')
  // What another package offers is what was built of it, not its source.
  const paths = Object.fromEntries(
    packages
      .filter((name) => name !== 'server' && !folder.endsWith(name))
      .flatMap((name) =>
        Object.entries(entriesOf(manifestIn(join(root, 'packages', name)))).map(([entry, path]) => [
          `@millrace/${name}${entry.slice(1)}`,
          [`../${name}/dist/${built(path, '.d.ts')}`],
        ]),
      ),
  )
  const options = { noEmit: false, declaration: true, rootDir: '.', outDir: dist, paths }
  const suffixes = ['.test', 'fixture', 'fixtures', 'contract', 'model'].map((end) => `src/**/*${end}.ts`)
  const exclude = [...suffixes, 'src/**/fixtures/**', 'src/**/testing/**']
  const text = { extends: '../../tsconfig.json', compilerOptions: options, include: ['src'], exclude }
  writeFileSync(config, JSON.stringify(text))
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
    stdio: 'inherit',
  })
  rmSync(config)
  if (status !== 0) process.exit(status ?? 1)
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function entriesOf({ exports }: Manifest): Readonly<Record<string, string>> {
  return typeof exports === 'string' ? { '.': exports } : exports
}

/** `./src/index.ts` → `./src/index.js` */
function built(path: string, extension = '.js'): string {
  return path.replace(/\.ts$/, extension)
}
