import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { foregroundClock, type Logger, type LogLevel } from '@millrace/ports'
import { type AgentConfig, readAgentConfig } from './config/agent-config.ts'
import { AgentConfigError } from './config/config-reader.ts'
import { runAgent } from './run-agent.ts'
import { StatusLine, type StatusOutput } from './status-line.ts'

type Output = StatusOutput

/** Where AWS's agent has its configuration. */
const defaultConfig = '/etc/aws-kinesis/agent.json'

/**
 * Runs the agent until SIGTERM or SIGINT. Returns the exit code: 0 after a clean stop, 1 when it cannot start, 2 for a
 * wrong option or configuration, each fault in a line of its own.
 */
export async function agentCommand(
  args: readonly string[],
  out: Output,
  err: Output,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const complain = (line: string) => void err.write(`millrace agent: ${line}\n`)
  let options: Options
  let config: AgentConfig
  try {
    options = readOptions(args)
    if (options.help) {
      out.write(`${help.join('\n')}\n`)
      return 0
    }
    const read = readAgentConfig(configText(options.config), availableParallelism())
    config = read.config
    for (const warning of read.warnings) complain(`warning: ${warning}`)
  } catch (error) {
    const lines = error instanceof AgentConfigError ? error.lines : [(error as Error).message.split('\n')[0]!]
    const where = error instanceof AgentConfigError ? `${configName(args)}: ` : ''
    for (const line of lines) complain(`${where}${line}`)
    return 2
  }
  const stopSignal = nextStopSignal()
  let line: StatusLine | undefined
  const logger = lineLogger(config, (text) => {
    line?.clear()
    err.write(text)
  })
  try {
    const state = options.state ?? stateFileOf(config, options.config, env, complain)
    const agent = await runAgent({ config, state, env, logger })
    const status = () => agent.status
    if (!options.quiet) {
      out.write(`millrace agent: following ${status().files} files; checkpoints in ${state}\n`)
      line = new StatusLine(status, out, foregroundClock, config.statusPeriodMs)
    }
    await stopSignal
    await agent.stop()
    line?.end()
    return 0
  } catch (error) {
    complain((error as Error).message.split('\n')[0]!)
    return 1
  }
}

type Options = { config: string; state: string | undefined; quiet: boolean; help: boolean }

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      state: { type: 'string' },
      quiet: { type: 'boolean', short: 'q' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  return {
    config: values.config ?? defaultConfig,
    state: values.state === undefined ? undefined : resolve(values.state),
    quiet: values.quiet ?? false,
    help: values.help ?? false,
  }
}

function configName(args: readonly string[]): string {
  return readOptions(args).config
}

/** @throws AgentConfigError */
function configText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new AgentConfigError([`cannot be read: ${(error as Error).message}`])
  }
}

/** `checkpointFile`; else one for each configuration, in the user's state folder. */
function stateFileOf(
  config: AgentConfig,
  configPath: string,
  env: Readonly<Record<string, string | undefined>>,
  complain: (line: string) => void,
): string {
  if (config.checkpointFile === undefined) {
    const folder = join(env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'millrace-agent')
    const path = resolve(configPath)
    return join(folder, `${basename(path, '.json')}-${createHash('sha1').update(path).digest('hex').slice(0, 8)}.state`)
  }
  const path = resolve(config.checkpointFile)
  if (!isSqlite(path)) return path
  complain(`warning: ${path} is the checkpoint database of AWS's agent, and is left alone; using ${path}.millrace`)
  return `${path}.millrace`
}

function isSqlite(path: string): boolean {
  return existsSync(path) && readFileSync(path).subarray(0, 15).toString('latin1') === 'SQLite format 3'
}

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Lines for people, on standard error or in `log.file`. */
function lineLogger({ log }: AgentConfig, write: (text: string) => void): Logger {
  return {
    log(level, message, facts) {
      if (rank[level] < rank[log.level]) return
      const time = new Date(foregroundClock.nowMs()).toISOString()
      const more = facts ? ` ${JSON.stringify(facts)}` : ''
      const text = `${time} ${level.toUpperCase()} ${message}${more}\n`
      if (log.file === undefined) write(text)
      else appendFileSync(log.file, text)
    },
  }
}

/** Resolves at the first SIGTERM or SIGINT; one that comes a second later ends the process at once. */
function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    const take = () => {
      const nowMs = foregroundClock.monotonicMs()
      firstAtMs ??= nowMs
      if (nowMs - firstAtMs > 1000) process.exit(130)
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, take)
  })
}

const help = [
  'millrace agent: follows files and sends what is written to them to streams and delivery streams',
  '',
  'Usage: millrace agent --config agent.json [--state FILE] [--quiet]',
  '',
  `  --config FILE   in the format of AWS's Kinesis Agent (default ${defaultConfig})`,
  '  --state FILE    where checkpoints are kept (default checkpointFile, else below ~/.local/state/millrace-agent)',
  '  --quiet         no status line; warnings and errors still go to standard error',
  '',
  'Ends with SIGTERM or Ctrl-C, after what was read is sent. Exit code: 0 after a clean stop, 1 when it cannot start, 2',
  'for a wrong option or configuration.',
]
