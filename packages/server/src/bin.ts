#!/usr/bin/env node
/*
 * The command line: `millrace [serve] [options]`, `millrace shards …`. Each command is a file in commands/, loaded only
 * when it is asked for.
 */

const [first, ...rest] = process.argv.slice(2)
const print = (line: string) => void process.stdout.write(`${line}\n`)
const complain = (line: string) => void process.stderr.write(`${line}\n`)

if (first === 'shards') {
  const { shardsCommand } = await import('./commands/shards.ts')
  process.exitCode = await shardsCommand(rest, print)
} else if (first === undefined || first === 'serve' || first.startsWith('-')) {
  const { serveCommand } = await import('./commands/serve.ts')
  const args = first === 'serve' ? rest : process.argv.slice(2)
  process.exitCode = await serveCommand(args, print, complain)
} else {
  complain(`millrace: there is no command "${first}"; there are serve (the default) and shards. See millrace --help`)
  process.exitCode = 2
}
