import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/*
 * What comes with `npm install millrace`, by the lockfile: everything that a runtime dependency of any package here leads to.
 */

const root = join(import.meta.dirname, '..')
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))

type Locked = {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly hasInstallScript?: boolean
  readonly license?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
}
const locked: Record<string, Locked> = json('package-lock.json').packages

const own = Object.keys(locked).filter((path) => /^packages\/[^/]+$/.test(path))

/** As Node finds it: the nearest node_modules upwards. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)(node_modules\/(@[^/]+\/)?[^/]+|[^/]+)$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (locked[path]) return locked[path].link ? locked[path].resolved : path
    if (folder === '') return undefined
  }
}

function runtimeTree(): string[] {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path)) return
    found.add(path)
    const { dependencies = {}, optionalDependencies = {} } = locked[path]!
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = placeOf(name, path)
      if (place !== undefined) visit(place)
      else assert.ok(name in optionalDependencies, `${name} of ${path} is not in the lockfile`)
    }
  }
  for (const path of own) visit(path)
  return [...found].filter((path) => !own.includes(path))
}

const permissive = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
])

const isPermissive = (licence = '') =>
  licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((each) => each.split(' AND ').every((one) => permissive.has(one)))

test('nothing in the runtime tree runs a script when it is installed', () => {
  const tree = runtimeTree()
  const scripted = tree.filter((path) => {
    const file = join(root, path, 'package.json')
    const scripts = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).scripts ?? {}) : {}
    return locked[path]!.hasInstallScript || ['preinstall', 'install', 'postinstall'].some((name) => name in scripts)
  })
  assert.deepEqual(scripted, [])
})

test('everything in the runtime tree has a permissive licence', (t) => {
  const tree = runtimeTree()
  const faults = tree.flatMap((path) => {
    const file = join(root, path, 'package.json')
    const said = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).license : undefined
    const licence = typeof said === 'string' ? said : locked[path]!.license
    return isPermissive(licence) ? [] : [`${path}: ${licence}`]
  })
  t.diagnostic(`${tree.length} packages in the runtime tree`)
  assert.ok(tree.length > 10)
  assert.deepEqual(faults, [])
})

test('the server has ten direct dependencies of others at most', (t) => {
  const { dependencies } = json('packages/server/package.json') as { dependencies: Record<string, string> }
  const others = Object.keys(dependencies).filter((name) => !name.startsWith('@millrace/'))
  t.diagnostic(`${others.length} direct runtime dependencies: ${others.join(', ')}`)
  assert.ok(others.length <= 10)
})

test('what is installed is what was locked: every package has its hash, and none comes from elsewhere than a registry', () => {
  const faults = Object.entries(locked).flatMap(([path, { integrity, link, resolved }]) => {
    if (path === '' || link || own.includes(path)) return []
    if (resolved !== undefined && !resolved.startsWith('https://')) return [`${path}: ${resolved}`]
    return /^sha512-/.test(integrity ?? '') ? [] : [`${path} has no sha512`]
  })
  assert.deepEqual(faults, [])
})

test('npm runs no script of what it installs here, and the settings hold no registry and no secret', () => {
  const settings = readFileSync(join(root, '.npmrc'), 'utf8')
  assert.match(settings, /^ignore-scripts=true$/m)
  assert.doesNotMatch(settings, /registry\s*=|_auth|token|password/i)
})
