#!/usr/bin/env node
/*
 * The command line: `millrace [serve] [options]`, `millrace agent …`, `millrace deliveries`, `millrace identity …`,
 * `millrace inspect DIR`, `millrace keys …`, `millrace multilang …`, `millrace shards …`. Each command is a file in
 * commands/, loaded only when it is asked for.
 */

import module from 'node:module'

// What Node made of the source is kept in its usual place (NODE_COMPILE_CACHE, or the system's temporary folder): from
// the second start on the server is ready in half the time. (Node 20 has no such thing.)
module.enableCompileCache?.()

// `millrace --help | head`: who reads no further has seen enough, and a server goes on without its reader.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const [first, ...rest] = process.argv.slice(2)
const print = (line: string) => void process.stdout.write(`${line}\n`)
const complain = (line: string) => void process.stderr.write(`${line}\n`)

if (first === 'shards') {
  const { shardsCommand } = await import('./commands/shards.ts')
  process.exitCode = await shardsCommand(rest, print)
} else if (first === 'inspect') {
  const { inspectCommand } = await import('./commands/inspect.ts')
  process.exitCode = await inspectCommand(rest, process.stdout, process.stderr)
} else if (first === 'deliveries') {
  const { deliveriesCommand } = await import('./commands/deliveries.ts')
  process.exitCode = await deliveriesCommand(rest, process.stdout, process.stderr)
} else if (first === 'keys') {
  const { keysCommand } = await import('./commands/keys.ts')
  process.exitCode = await keysCommand(rest, process.stdout, process.stderr)
} else if (first === 'agent') {
  const { agentCommand } = await import('./commands/agent.ts')
  process.exitCode = await agentCommand(rest)
} else if (first === 'multilang') {
  const { multilangCommand } = await import('./commands/multilang.ts')
  process.exitCode = await multilangCommand(rest, process.stdout, process.stderr)
} else if (first === 'identity') {
  const { identityCommand } = await import('./commands/identity.ts')
  process.exitCode = await identityCommand(rest, process.stdout, process.stderr)
} else if (first === undefined || first === 'serve' || first.startsWith('-')) {
  const { serveCommand } = await import('./commands/serve.ts')
  const args = first === 'serve' ? rest : process.argv.slice(2)
  process.exitCode = await serveCommand(args, print, complain)
} else {
  complain(
    `millrace: there is no command "${first}"; there are serve (the default), agent, deliveries, identity, inspect, keys, multilang and shards. See millrace --help`,
  )
  process.exitCode = 2
}
