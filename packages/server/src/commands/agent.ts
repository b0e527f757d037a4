import { agentCommand as run } from '@millrace/agent'
import type { Output } from './command.ts'

/** Follows files and sends what is written to them, as AWS's Kinesis Agent does. Returns the exit code. */
export function agentCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  return run(args, out, err, process.env)
}
