import { agentCommand as run } from '@millrace/agent'

/** Follows files and sends what is written to them, as AWS's Kinesis Agent does. Returns the exit code. */
export function agentCommand(args: readonly string[]): Promise<number> {
  return run(args, process.stdout, process.stderr, process.env)
}
