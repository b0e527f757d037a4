import { createHash } from 'node:crypto'
import type { Clock, Logger, Random } from '@millrace/ports'
import { arn, type Place } from '../../../core/arn.ts'
import type { RoleSessions } from '../../../core/temporary-keys.ts'
import { type FunctionKeys, isPython, type ModuleFunction } from './function-child.ts'
import { type FunctionDefinition, standardRole } from './function-definition.ts'
import { FunctionUnreachable, type Invoker } from './invocation.ts'
import { ProcessPool } from './process-pool.ts'
import { type RemoteFunctionDefinition, RemoteInvoker } from './remote-invoker.ts'

/** A function that can be invoked. */
export type HeldFunction = { readonly definition: FunctionDefinition; readonly arn: string; readonly invoker: Invoker }

export type FunctionSurroundings = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Where handlers reach this server; undefined before it listens. */
  readonly endpointUrl: () => string | undefined
  /** Where processes get the keys of their roles; undefined where any will do. */
  readonly roleSessions?: RoleSessions | undefined
  /** Who runs a function. @default processes of its own, or its URL */
  readonly invokerOf?: InvokerOf | undefined
}

export type InvokerOf = (definition: FunctionDefinition, functionArn: string) => Invoker

/** The functions of this server, each with what runs it. */
export class FunctionTable {
  readonly #functions = new Map<string, HeldFunction>()
  readonly startedAtMs: number

  constructor(definitions: ReadonlyMap<string, FunctionDefinition>, surroundings: FunctionSurroundings) {
    this.startedAtMs = surroundings.clock.nowMs()
    const run = surroundings.invokerOf ?? ((definition, arn) => invokerOf(definition, arn, surroundings))
    for (const [name, definition] of definitions) {
      const functionArn = arn(surroundings.place, 'lambda', `function:${name}`)
      this.#functions.set(name, { definition, arn: functionArn, invoker: run(definition, functionArn) })
    }
  }

  find(name: string): HeldFunction | undefined {
    return this.#functions.get(name)
  }

  /** In order of name. */
  all(): HeldFunction[] {
    return [...this.#functions.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map(({ invoker }) => invoker.stop()))
  }
}

function invokerOf(definition: FunctionDefinition, functionArn: string, surroundings: FunctionSurroundings): Invoker {
  const { clock, endpointUrl, logger, place, random } = surroundings
  if (definition.code.kind === 'url') return new RemoteInvoker(definition as RemoteFunctionDefinition, clock)
  const process = { clock, logger, functionArn, region: place.region }
  const keys = () => keysOf(definition, surroundings)
  return new ProcessPool(definition as ModuleFunction, process, { endpointUrl, keys, random })
}

/**
 * Keys of the function's role, where users are told apart. A function whose options name no role has keys if there is the
 * role that it has then, and does without if not. @throws FunctionUnreachable
 */
function keysOf(
  { name, role }: FunctionDefinition,
  { logger, place, roleSessions }: FunctionSurroundings,
): FunctionKeys {
  if (!roleSessions) return 'any'
  try {
    return roleSessions.begin(role, name, 'lambda.amazonaws.com')
  } catch (error) {
    if (role === standardRole(place.accountId)) return 'none'
    const reason = (error as Error).message
    logger.log('error', 'a function cannot run: there are no keys for it', { function: name, reason })
    throw new FunctionUnreachable('The role defined for the function cannot be assumed by Lambda.')
  }
}

const runtimeOf = (path: string) => (isPython(path) ? 'python3' : `nodejs${process.versions.node.split('.')[0]}.x`)

/** A function as AWS shows it: GetFunctionConfiguration, ListFunctions. */
export function functionView({ definition, arn: FunctionArn }: HeldFunction, startedAtMs: number) {
  const { name, code, timeoutMs, description, role } = definition
  const isModule = code.kind === 'module'
  return {
    FunctionName: name,
    FunctionArn,
    Runtime: isModule ? runtimeOf(code.path) : 'provided.al2023',
    Role: role,
    Handler: isModule ? code.handler : 'url',
    CodeSize: 0,
    Description: description,
    Timeout: timeoutMs / 1000,
    MemorySize: isModule ? code.memoryMiB : 128,
    LastModified: new Date(startedAtMs).toISOString().replace('Z', '+0000'),
    CodeSha256: createHash('sha256')
      .update(isModule ? code.path : code.url)
      .digest('base64'),
    Version: '$LATEST',
    TracingConfig: { Mode: 'PassThrough' },
    ...(isModule && Object.keys(code.environment).length > 0 && { Environment: { Variables: code.environment } }),
    PackageType: 'Zip',
    Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    EphemeralStorage: { Size: 512 },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
    State: 'Active',
    LastUpdateStatus: 'Successful',
  }
}
