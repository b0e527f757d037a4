/** What a command writes to: a terminal, a pipe or a test. */
export type Output = {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** Of a terminal. */
  readonly columns?: number
  readonly rows?: number
}

/** A command of `millrace`: answers go to `out`, complaints to `err`. Returns the exit code, 2 for a wrong option. */
export type Command = (args: readonly string[], out: Output, err: Output) => Promise<number>

/** Every command: how it is called, and what it does. */
export const commandHelp = {
  serve: ['[serve] [options]', 'starts the server and runs until SIGTERM or Ctrl-C'],
  agent: ['agent --config FILE', 'follows files and sends them to streams'],
  deliveries: ['deliveries [--once]', 'shows how each delivery stream stands, live'],
  identity: ['identity COMMAND', 'makes users, keys, roles and policies'],
  inspect: ['inspect DIR [--json]', 'says what a data folder holds, and whether it is sound; changes nothing'],
  keys: ['keys COMMAND', 'makes, rotates and deletes the master keys of what is encrypted'],
  multilang: ['multilang --config FILE', 'runs record processors of any language on a stream'],
  shards: ['shards [options]', 'says how many shards a workload needs'],
} as const

export type CommandName = keyof typeof commandHelp

export const isCommandName = (text: string): text is CommandName => Object.hasOwn(commandHelp, text)
