/*
 * node conformance/jvm/build.ts [NAME...]: fetches the jars of the Java clients and compiles the programs that drive
 * them, all or those named. Where there is no Java it says so and succeeds: the tests then skip by name, or fail where
 * all clients are asked for.
 */

import { build, hasJava, type ProgramName, programs } from './programs.ts'

const all = Object.keys(programs) as ProgramName[]
const named = process.argv.slice(2)
const unknown = named.find((name) => !(name in programs))
if (unknown !== undefined) {
  process.stderr.write(`there is no program "${unknown}"; there are ${all.join(', ')}\n`)
  process.exit(2)
}
if (hasJava()) {
  for (const name of all) if (named.length === 0 || named.includes(name)) build(name)
} else {
  process.stderr.write('this machine has no java, javac and mvn: the Java clients are left out\n')
}
