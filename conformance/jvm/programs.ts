import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/*
 * The Java programs of this folder: what each is built of, and where it stands when built. Maven resolves the jars into
 * the user's own repository, once; what is made here stands in .jars, which Git ignores:
 *
 *   .jars/NAME/classpath   the jars, as Maven found them
 *   .jars/NAME/classes     our sources, compiled against them
 *   .jars/NAME/stamp       what both were made of
 */

export type ProgramName = 'kcl2' | 'kcl3' | 'kpl' | 'flink' | 'kafka' | 'orc' | 'opensearch'

type Program = {
  /** What it is, for a reader of the output. */
  readonly title: string
  /** Folders of java/ that are its sources; none for one that is used as it comes. */
  readonly sources: readonly string[]
}

export const programs: Readonly<Record<ProgramName, Program>> = {
  kcl2: { title: 'KCL 2', sources: ['shared', 'kcl', 'kcl2'] },
  kcl3: { title: 'KCL 3', sources: ['shared', 'kcl', 'kcl3'] },
  kpl: { title: 'the KPL', sources: ['shared', 'kpl'] },
  flink: { title: 'Flink', sources: ['shared', 'flink'] },
  kafka: { title: 'Kafka', sources: [] },
  orc: { title: 'ORC', sources: ['orc'] },
  opensearch: { title: 'OpenSearch', sources: ['opensearch'] },
}

const here = import.meta.dirname
const built = (name: ProgramName, file: string) => join(here, '.jars', name, file)

/** The version of the goal below that is used, so that a later one changes nothing unasked. */
const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/** Where a program's classes are, as `java -cp` takes it; undefined until it is built. */
export function classpathOf(name: ProgramName): string | undefined {
  if (!isBuilt(name)) return undefined
  const jars = readFileSync(built(name, 'classpath'), 'utf8').trim()
  return [built(name, 'classes'), jars].join(delimiter)
}

/** Whether this machine can build and run them: java, javac and mvn. */
export function hasJava(): boolean {
  return ['java', 'javac', 'mvn'].every((tool) => spawnSync(tool, ['-version'], { stdio: 'ignore' }).status === 0)
}

/**
 * Resolves and compiles a program, unless that was done; says so on standard error.
 *
 * @throws Error with what Maven or javac said
 */
export function build(name: ProgramName): void {
  if (isBuilt(name)) return
  const startedMs = performance.now()
  process.stderr.write(`${programs[name].title}: resolving jars with Maven ... `)
  rmSync(built(name, ''), { recursive: true, force: true })
  mkdirSync(built(name, 'classes'), { recursive: true })
  run('mvn', [
    ...['--batch-mode', '--no-transfer-progress', '--file', pomOf(name)],
    ...[`${dependencyPlugin}:build-classpath`, `-Dmdep.outputFile=${built(name, 'classpath')}`],
  ])
  const jars = readFileSync(built(name, 'classpath'), 'utf8').trim()
  const sources = sourcesOf(name)
  if (sources.length > 0) run('javac', ['-nowarn', '-d', built(name, 'classes'), '-cp', jars, ...sources])
  cpSync(join(here, 'java/logback.xml'), built(name, 'classes/logback.xml'))
  writeFileSync(built(name, 'stamp'), stampOf(name))
  const seconds = (performance.now() - startedMs) / 1000
  process.stderr.write(`${jars.split(delimiter).length} jars, ${seconds.toFixed(0)} s\n`)
}

/** Jars may have gone from the user's repository since. */
function isBuilt(name: ProgramName): boolean {
  if (!existsSync(built(name, 'stamp')) || readFileSync(built(name, 'stamp'), 'utf8') !== stampOf(name)) return false
  return readFileSync(built(name, 'classpath'), 'utf8').trim().split(delimiter).every(existsSync)
}

function stampOf(name: ProgramName): string {
  const hash = createHash('sha256')
  for (const file of [pomOf(name), ...sourcesOf(name), join(here, 'java/logback.xml')]) hash.update(readFileSync(file))
  return hash.digest('hex')
}

const pomOf = (name: ProgramName) => join(here, 'poms', `${name}.xml`)

const sourcesOf = (name: ProgramName) =>
  programs[name].sources.flatMap((folder) =>
    readdirSync(join(here, 'java', folder)).map((file) => join(here, 'java', folder, file)),
  )

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 600_000 })
  if (status === 0) return
  const said = `${stdout ?? ''}${stderr ?? ''}`.split('\n').slice(-30).join('\n')
  throw new Error(`${command} failed: ${error?.message ?? ''}\n${said}`)
}
