import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { test } from 'node:test'
import * as sdk from '@aws-sdk/client-kinesis'

/*
 * The rules of the house that a machine can hold. Each failure names the file and says what to do about it.
 */

const root = join(import.meta.dirname, '../../..')

type Source = {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
  /** Those that are there when it runs: types may look at each other. */
  readonly runtimeImports: readonly string[]
}

const sources = ['packages', 'conformance', 'simulation', 'scripts', 'benchmarks'].flatMap((folder) =>
  sourcesUnder(join(root, folder)),
)
const product = sources.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path) && !isForTests(path))

/** What every room may use. */
const libraries = ['', '/columnar', '/parquet', '/orc', '/sigv4']
  .map((entry) => `@millrace/formats${entry}`)
  .concat('@millrace/ports')

/** What a room may import: rooms by name, packages as they are written. Node's own modules are free to all. */
const mayImport: Record<string, readonly string[]> = {
  formats: ['formats', 'hyparquet-writer'],
  ports: ['ports'],
  producer: ['producer', ...libraries, '@aws-sdk/client-kinesis'],
  consumer: ['consumer', ...libraries, '@aws-sdk/client-kinesis', '@aws-sdk/client-dynamodb'],
  agent: ['agent', ...libraries, ...['kinesis', 'firehose', 'cloudwatch'].map((name) => `@aws-sdk/client-${name}`)],
  connectors: ['connectors', ...libraries, '@millrace/consumer', '@aws-sdk/client-dynamodb', '@aws-sdk/client-s3'],
  core: ['core', ...libraries],
  'storage interfaces': ['core', 'storage interfaces', ...libraries],
  'storage/memory': ['core', 'storage interfaces', 'storage/memory', ...libraries],
  'storage/embedded': ['core', 'storage interfaces', 'storage/memory', 'storage/embedded', ...libraries],
  'storage/s3': ['core', 'storage/s3', ...libraries, '@aws-sdk/client-s3'],
  'services/firehose': ['core', 'storage interfaces', 'services/firehose', ...libraries, 'snappy', 'pg', 'jq-wasm'],
  gateway: ['core', 'gateway', 'policies', 'identity', ...libraries, 'cborg'],
  telemetry: ['core', 'telemetry', ...libraries],
  policies: ['core', 'policies'],
  identity: ['core', 'storage interfaces', 'policies', 'identity', ...libraries],
  keys: ['core', 'storage interfaces', 'keys', ...libraries, '@aws-sdk/client-kms'],
  trail: ['core', 'trail', ...libraries],
  config: ['core', 'config', 'trail', ...libraries],
}
const seesEverything = new Set(['main', 'commands'])

test('imports go down only', () => {
  const faults = product.flatMap((source) => {
    const room = roomOf(source.path)
    if (seesEverything.has(room)) return []
    const allowed = mayImport[room] ?? [room, 'core', 'storage interfaces', ...libraries]
    return source.imports
      .map((specifier) => targetRoom(source, specifier))
      .filter((target) => !target.startsWith('node:') && !allowed.includes(target))
      .map((target) => `${source.path} imports ${target}: ${room} may import ${allowed.join(', ')}; use a port of core`)
  })
  assert.deepEqual(faults, [])
})

test('no files import each other in a circle', () => {
  const byPath = new Map(product.map((source) => [source.path, source]))
  const settled = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      circles.push(`${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}: move the shared part down`)
    if (settled.has(path) || trail.includes(path)) return
    const source = byPath.get(path)
    for (const specifier of source?.runtimeImports ?? [])
      if (specifier.startsWith('.')) visit(resolved(source!, specifier), [...trail, path])
    settled.add(path)
  }
  for (const { path } of product) visit(path, [])
  assert.deepEqual(circles, [])
})

test('operations/index.ts has one export line for each operation file, and nothing else', () => {
  for (const [folder, files] of operationFolders()) {
    const index = readFileSync(join(root, folder, 'index.ts'), 'utf8')
    const lines = index.split('\n').filter((line) => line !== '' && !/^\s*(\/\/|\/\*|\*)/.test(line))
    const wanted = files.map((file) => `export * from './${file}'`)
    assert.deepEqual(new Set(lines), new Set(wanted), `${folder}/index.ts: one line for each operation file`)
  }
})

test('an operation file is named for an operation of AWS', () => {
  const known = new Set(
    Object.keys(sdk).flatMap((name) => (name.endsWith('Command') ? [kebab(name.slice(0, -7))] : [])),
  )
  for (const [folder, files] of operationFolders())
    if (folder.includes('services/streams/'))
      for (const file of files)
        assert.ok(known.has(basename(file, '.ts')), `${folder}/${file}: not an operation; move it beside operations/`)
})

test('files are kebab-case nouns', () => {
  for (const { path } of sources)
    assert.match(basename(path), /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|mjs)$/, `${path}: rename it in kebab-case`)
})

test('no file or folder is called by a name that says nothing', () => {
  const empty = /(^|[/-])(utils?|helpers?|common|misc|manager)([/.-]|$)/
  for (const { path } of sources) assert.doesNotMatch(path, empty, `${path}: name it for the one thing that it holds`)
})

test('time and chance come in by the door', () => {
  const door = new Set([
    'packages/ports/src/clock.ts',
    'packages/ports/src/random.ts',
    'packages/server/src/main.ts',
    'packages/server/src/bin.ts',
  ])
  const reached =
    /\b(Date\.now|Math\.random|performance\.now|process\.hrtime|(?<!\.)setTimeout|(?<!\.)setInterval)\b|\bnew Date\(\)|node:timers/
  for (const { path, text } of product.filter(({ path }) => !door.has(path))) {
    const found = reached.exec(withoutComments(text))?.[0]
    assert.equal(found, undefined, `${path}: ${found} is not for here; take a Clock or a Random from core`)
  }
})

test('signals are joined by anySignal, which loses none', () => {
  for (const { path, text } of product.filter(({ path }) => path !== 'packages/ports/src/any-signal.ts'))
    assert.doesNotMatch(text, /AbortSignal\.any\b/, `${path}: take anySignal from ports`)
})

test('what a file exports has a use outside of it', () => {
  const filesWith = new Map<string, number>()
  for (const { text } of sources)
    for (const word of new Set(text.match(/[\w$]+/g))) filesWith.set(word, (filesWith.get(word) ?? 0) + 1)
  for (const { path, text } of sources.filter(({ path }) => !path.includes('/operations/')))
    for (const [, name] of withoutComments(text).matchAll(/^export (?:async )?(?:const|function\*?|class) ([\w$]+)/gm))
      assert.notEqual(filesWith.get(name!), 1, `${path}: nobody imports ${name}; take "export" away, or all of it`)
})

test('a file is short enough to be read at once', () => {
  const linesMax = 400
  for (const { path, text } of product) {
    const lines = text.split('\n').length
    assert.ok(lines <= linesMax, `${path} has ${lines} lines, of ${linesMax}: split it by what it holds`)
  }
})

test('nothing is left for later inside the code', () => {
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)
  for (const { path, text } of sources) assert.doesNotMatch(text, marks, `${path}: do it, or say so in docs/`)
})

function sourcesUnder(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[/\\](node_modules|dist|\.[a-z-]+)[/\\]/.test(relative(root, path)))
    .map((path) => {
      const text = readFileSync(path, 'utf8')
      const found = [
        ...withoutComments(text).matchAll(
          /^\s*(?:import|export)\s(type\s)?[^'"]*?from\s+'([^']+)'|\bimport\(\s*()'([^']+)'/gm,
        ),
      ]
      const imports = found.map(([, , fixed, , late]) => (fixed ?? late)!)
      const runtimeImports = found.filter(([, type]) => !type).map(([, , fixed, , late]) => (fixed ?? late)!)
      return { path: relative(root, path).split(sep).join('/'), text, imports, runtimeImports }
    })
}

/** Tests and what only tests use: these see everything, and have timers. */
function isForTests(path: string): boolean {
  return /(\.test|fixtures?|contract|model)\.ts$/.test(path) || /\/(fixtures|testing)\//.test(path)
}

function roomOf(path: string): string {
  const [, name = ''] = path.split('/')
  if (path.startsWith('packages/') && name !== 'server') return name
  const inside = path.replace(/^packages\/[^/]+\/src\//, '')
  if (!inside.includes('/')) return /^(config|option-values)\.ts$/.test(inside) ? 'config' : 'main'
  const [first, second] = inside.split('/') as [string, string]
  if (first === 'services') return `services/${second}`
  if (first === 'storage') return second.endsWith('.ts') ? 'storage interfaces' : `storage/${second}`
  return first
}

function targetRoom(source: Source, specifier: string): string {
  return specifier.startsWith('.') ? roomOf(resolved(source, specifier)) : specifier
}

function resolved(source: Source, specifier: string): string {
  return join(dirname(source.path), specifier).split(sep).join('/')
}

function operationFolders(): [string, string[]][] {
  const folders = new Map<string, string[]>()
  for (const { path } of product) {
    const folder = dirname(path)
    if (!folder.endsWith('/operations') || basename(path) === 'index.ts') continue
    folders.set(folder, [...(folders.get(folder) ?? []), basename(path)])
  }
  return [...folders]
}

function kebab(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
