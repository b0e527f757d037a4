import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/*
 * What the pages say of the tree, as far as a machine can look it up.
 */

const root = join(import.meta.dirname, '..')
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')
const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .stdout.toString()
  .split('\n')
  .filter((path) => existsSync(join(root, path)))
const pages = files.filter((path) => path.endsWith('.md'))
const skip = pages.length === 0 && 'needs a git clone'

test('every link of a page leads to a file, and every anchor to a heading', { skip }, () => {
  for (const page of pages)
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const [path, anchor] = target!.split('#')
      const file = path === '' ? page : normalize(join(dirname(page), path!))
      assert.ok(existsSync(join(root, file)), `${page}: ${target} leads nowhere`)
      if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${page}: ${target} has no such heading`)
    }
})

test('every source file that a page names is there', { skip }, () => {
  for (const page of pages)
    for (const [, name] of textOf(page).matchAll(/`([a-z][\w./-]*\.(?:ts|mjs))`/g)) {
      if (examples.has(name!)) continue
      const [first, ...rest] = name!.split('/')
      // `formats/md5.ts` is short for packages/formats/src/md5.ts.
      const ends = [`/${name}`, `/packages/${first}/src/${rest.join('/')}`]
      const isThere = files.some((path) => ends.some((end) => `/${path}`.endsWith(end)))
      assert.ok(isThere, `${page}: there is no ${name}`)
    }
})

/** Files of a reader's own. */
const examples = new Set(['count.mjs'])

test('docs/testing.md has every option of startMillrace', () => {
  const page = textOf('docs/testing.md')
  for (const file of ['millrace-options', 'door-options']) {
    const declared = textOf(`packages/server/src/${file}.ts`).replace(/export type OpenEndpoints[\s\S]*?\n}/, '')
    for (const [, name] of declared.matchAll(/^ {2}readonly (\w+)\?:/gm))
      assert.ok(page.includes(`\`${name}\``), `docs/testing.md: \`${name}\` is missing`)
  }
})

test('docs/dependencies.md has a line for each package that is installed by name', () => {
  const page = textOf('docs/dependencies.md')
  for (const file of files.filter((path) => /^(packages\/[^/]+\/)?package\.json$/.test(path))) {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = JSON.parse(textOf(file))
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }
    for (const name of Object.keys(all).filter((name) => !name.startsWith('@millrace/')))
      assert.ok(page.includes(`\`${name}\``), `docs/dependencies.md: \`${name}\` of ${file} is missing`)
  }
})

/** As GitHub makes them of headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text!)
  return new Set(
    headings.map((text) =>
      text
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
