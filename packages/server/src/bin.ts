#!/usr/bin/env node
/* The command line: `millrace COMMAND …`. Each command is a file in commands/, loaded only when it is asked for. */

import module from 'node:module'
import { type Command, type CommandName, commandHelp, isCommandName } from './commands/command.ts'

// What Node made of the source is kept in its usual place (NODE_COMPILE_CACHE, or the system's temporary folder): from
// the second start on the server is ready in half the time. (Node 20 has no such thing.)
module.enableCompileCache?.()

// `millrace --help | head`: who reads no further has seen enough, and a server goes on without its reader.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const load: Readonly<Record<CommandName, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  agent: async () => (await import('./commands/agent.ts')).agentCommand,
  deliveries: async () => (await import('./commands/deliveries.ts')).deliveriesCommand,
  identity: async () => (await import('./commands/identity.ts')).identityCommand,
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand,
  keys: async () => (await import('./commands/keys.ts')).keysCommand,
  multilang: async () => (await import('./commands/multilang.ts')).multilangCommand,
  shards: async () => (await import('./commands/shards.ts')).shardsCommand,
}

const args = process.argv.slice(2)
const isNamed = args[0] !== undefined && !args[0].startsWith('-')
const name = isNamed ? args.shift()! : 'serve'

if (isCommandName(name)) {
  const command = await load[name]()
  process.exitCode = await command(args, process.stdout, process.stderr)
} else {
  const names = Object.keys(commandHelp).join(', ')
  process.stderr.write(`millrace: there is no command "${name}"; there are ${names}. See millrace --help\n`)
  process.exitCode = 2
}
