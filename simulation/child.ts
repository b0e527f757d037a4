import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** A run that does not end is one that failed. Far more than any needs: what else a machine does is not the storage's. */
const runMsMax = 30 * 60_000

/**
 * Runs the command in a process of its own: the test runner follows every promise of its process, which costs more than
 * the simulation, and a loop without an end must not stop it.
 */
export function simulateInChild(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const path = join(import.meta.dirname, 'run.ts')
    execFile(process.execPath, [path, ...args], { timeout: runMsMax }, (error, stdout, stderr) =>
      resolve({
        exitCode: error ? Number(error.code ?? -1) : 0,
        output: `${stdout}${stderr}${error?.killed ? `\nended by a signal after ${runMsMax / 60_000} minutes` : ''}`,
      }),
    )
  })
}
