/*
 * The door of every npm script: `node scripts/with-node-24.mjs FILE [args...]`.
 *
 * Installs what is missing, then runs FILE with Node 24. It is plain JavaScript, because the Node that opens the door
 * may be too old to run TypeScript; Node 24 itself comes from npm, as one of the optional platform packages.
 *
 * Where this very process is Node 24 (npm puts node_modules/.bin first on the path), FILE runs in it: nothing to spawn,
 * no signals to pass on.
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const nodeMajorMin = 24
const parent = process.ppid
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const compileCache = join(root, 'node_modules', '.cache', 'compile')

const [file, ...args] = process.argv.slice(2)
if (file === undefined) stop('usage: node scripts/with-node-24.mjs FILE [args...]', 2)

if (!isInstalled()) install()
// Type stripping is remembered there: it costs nothing from the second start on.
process.env.NODE_COMPILE_CACHE ??= compileCache

if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) await runHere(resolve(file))
else runWith(pinnedNode(), resolve(file))

/**
 * Whether node_modules holds what package-lock.json says. npm writes node_modules/.package-lock.json last, so that an
 * installation which stopped half way has none. Packages of other platforms are optional and may be absent.
 */
function isInstalled() {
  const wanted = lockedPackages(join(root, 'package-lock.json'))
  const found = lockedPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !found) return false
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.startsWith('node_modules/')) return true
    return found[path] ? found[path].version === version : optional === true
  })
}

/** @returns {Record<string, { version?: string, optional?: boolean }> | undefined} */
function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

function install() {
  process.stderr.write(
    'Installing what is missing into node_modules (from the npm registry, once; about a minute) ...\n',
  )
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const shell = process.platform === 'win32'
  const { status, error, stderr } = spawnSync(npm, ['ci', ...quiet], {
    cwd: root,
    shell,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    // `npm start` from a production shell must still find the development tools.
    env: { ...process.env, NODE_ENV: '', npm_config_omit: '' },
  })
  if (status === 0) return
  const said =
    stderr
      ?.replaceAll('npm error', '')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean) ?? []
  const reason = error?.message ?? (said.slice(0, 3).join(' ') || `exit code ${status}`)
  const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/.test(reason)
  stop(`npm ci failed: ${reason}${isOffline ? ' (is the npm registry reachable? the next call tries again)' : ''}`, 1)
}

/** The path of Node 24 from npm; ends the process where there is none for this platform. */
function pinnedNode() {
  const { platform, arch } = process
  const names = [`node-${platform === 'win32' ? 'win' : platform}-${arch}`, `node-bin-${platform}-${arch}`]
  for (const name of names) {
    const path = join(root, 'node_modules', name, 'bin', platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(path)) return path
  }
  return stop(`npm has no Node ${nodeMajorMin} for ${platform}-${arch}: install it from nodejs.org and try again`, 1)
}

/**
 * npm passes SIGTERM to its shell, and most shells then die without a word to their child: a server would stay behind.
 * So what npm runs takes the loss of its parent for a SIGTERM.
 */
function onOrphaned(end) {
  if (process.env.npm_lifecycle_event === undefined) return
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    end()
  }, 250)
  watch.unref()
}

async function runHere(path) {
  onOrphaned(() => process.kill(process.pid, 'SIGTERM'))
  const { enableCompileCache } = await import('node:module')
  enableCompileCache(process.env.NODE_COMPILE_CACHE)
  process.argv.splice(1, process.argv.length - 1, path, ...args)
  await import(pathToFileURL(path).href)
}

/** Stays until the child has ended, and ends as it did. */
function runWith(node, path) {
  const child = spawn(node, [path, ...args], { stdio: 'inherit' })
  onOrphaned(() => child.kill('SIGTERM'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to the child as well; passing it on would count twice.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('error', (error) => stop(`${node} does not run: ${error.message}`, 1))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function stop(line, exitCode) {
  process.stderr.write(`millrace: ${line}\n`)
  return process.exit(exitCode)
}
