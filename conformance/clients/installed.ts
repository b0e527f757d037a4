import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { testKeyInEnvironment } from '../harness/keys.ts'

/** CI asks for all clients: there a missing one is a failure, elsewhere a skipped case with its reason. */
const requireAll = process.env.REQUIRE_ALL_CLIENTS === '1'

/** A reason to skip the cases of a client that this machine lacks; undefined where it is there, or must be. */
export function missing(what: string, command: string, args: readonly string[]): string | undefined {
  if (requireAll || spawnSync(command, args, { stdio: 'ignore' }).status === 0) return undefined
  return `this machine has no ${what}`
}

/** Runs a client against an endpoint, with `more` in its environment; gives its standard output. Rejects with what it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  endpoint: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    timeout: 600_000,
    maxBuffer: 16 * 1024 * 1024,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      ...testKeyInEnvironment,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      ...more,
    },
  })
  return stdout
}
