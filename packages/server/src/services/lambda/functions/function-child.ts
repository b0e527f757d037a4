import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, extname, join } from 'node:path'
import type { Clock, Logger } from '@millrace/ports'
import type { TemporaryKeys } from '../../../core/temporary-keys.ts'
import type { FunctionDefinition } from './function-definition.ts'

/** Keys of the function's role; `any` where any will do, `none` for a function that has no role. */
export type FunctionKeys = TemporaryKeys | 'any' | 'none'

/** How the server may be reached by what runs in the process. */
export type ProcessSurroundings = {
  readonly clock: Clock
  readonly logger: Logger
  readonly functionArn: string
  readonly region: string
  /** What SDKs in the handler take as endpoint: this server. */
  readonly endpointUrl: string | undefined
  readonly keys: FunctionKeys
  /** Names the process's log. */
  readonly logStreamName: string
}

export type ModuleFunction = FunctionDefinition & { readonly code: { readonly kind: 'module' } }

/** What runs a handler: its command up to the handler, and what it wants in its environment. */
type Runtime = {
  readonly command: readonly [program: string, ...args: string[]]
  readonly executionEnvironment: string
  readonly more: Readonly<Record<string, string>>
}

const runtimeFile = (name: string) => join(import.meta.dirname, name)

const node = (memoryMiB: number): Runtime => ({
  command: [
    process.execPath,
    `--max-old-space-size=${memoryMiB}`,
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    '--disable-warning=ExperimentalWarning',
    ...(process.features.typescript ? [] : ['--experimental-strip-types']),
    runtimeFile(`node-runtime${extname(import.meta.filename)}`),
  ],
  executionEnvironment: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
  more: {},
})

/** The first `python3` on the path. */
const python: Runtime = {
  command: ['python3', runtimeFile('python-runtime.py')],
  executionEnvironment: 'AWS_Lambda_python3',
  more: { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
}

export const isPython = (path: string) => extname(path) === '.py'

/** Starts the process of a function: its output, and a pipe at file descriptor 3, are ours. */
export function startChild({ name, code, timeoutMs }: ModuleFunction, surroundings: ProcessSurroundings): ChildProcess {
  const { endpointUrl, functionArn, keys, logStreamName, region } = surroundings
  const { command, executionEnvironment, more } = isPython(code.path) ? python : node(code.memoryMiB)
  const handed = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'NODE_EXTRA_CA_CERTS']
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(handed.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]))),
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...credentialsOf(keys),
    ...(endpointUrl !== undefined && { AWS_ENDPOINT_URL: endpointUrl }),
    AWS_EXECUTION_ENV: executionEnvironment,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(code.memoryMiB),
    AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutMs / 1000),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    LAMBDA_TASK_ROOT: dirname(code.path),
    _HANDLER: code.handler,
    MILLRACE_FUNCTION_ARN: functionArn,
    ...more,
    ...code.environment,
  }
  const [program, ...args] = command
  return spawn(program, [...args, code.path, code.handler, `${process.pid}`], {
    cwd: dirname(code.path),
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
}

function credentialsOf(keys: FunctionKeys): NodeJS.ProcessEnv {
  if (keys === 'none') return {}
  if (keys === 'any') return { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  return {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secret,
    AWS_SESSION_TOKEN: keys.sessionToken,
  }
}
