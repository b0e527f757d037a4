import { extname, join, resolve } from 'node:path'

/* Functions as an operator gives them: by a file, or by `startMillrace`. No API call can add one. */

/** Code of the operator's, run in processes of its own. */
export type LocalFunction = {
  /** File of the handler: .mjs, .js, .cjs, .ts or .py; relative to the functions file. Or `blueprint:NAME`, one of Millrace's. */
  readonly module: string
  /** The exported handler, also `object.method`. @default 'handler' */
  readonly handler?: string
  /** JavaScript heap and, where /proc tells it, all memory above what Node itself needs, in MiB. 64 to 10240. @default 128 */
  readonly memoryMiB?: number
  /** What the handler finds in its environment beside AWS's variables. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Something that speaks Lambda's Invoke, or a function URL. */
export type RemoteFunction = {
  /** Takes the event by POST, answers with the result. */
  readonly url: string
}

type CommonOptions = {
  /** An invocation that takes longer is ended, in seconds. 1 to 900. @default 3 */
  readonly timeoutSeconds?: number
  /** Invocations at once: as many processes. 1 to 1000. @default 10 */
  readonly concurrency?: number
  readonly description?: string
  /** Whose keys the handler gets, with an identity file; the `invokeIdentityArn` in events. @default a role named millrace */
  readonly role?: string
}

export type FunctionOptions = (LocalFunction | RemoteFunction) & CommonOptions

/** By name. */
export type FunctionsOptions = Readonly<Record<string, FunctionOptions>>

/** A function, all its options settled. */
export type FunctionDefinition = {
  readonly name: string
  readonly code:
    | {
        readonly kind: 'module'
        /** Absolute. */
        readonly path: string
        readonly handler: string
        readonly memoryMiB: number
        readonly environment: Readonly<Record<string, string>>
      }
    | { readonly kind: 'url'; readonly url: string }
  readonly timeoutMs: number
  readonly concurrency: number
  readonly description: string
  readonly role: string
}

/** The role of functions whose options name none. */
export const standardRole = (accountId: string) => `arn:aws:iam::${accountId}:role/millrace`

const names = /^[a-zA-Z0-9_-]{1,64}$/
/** Ready functions for Firehose, in ../blueprints; the names are those of their files. */
const blueprints = [
  'general',
  'apache-log-to-json',
  'apache-log-to-csv',
  'syslog-to-json',
  'syslog-to-csv',
  'cloudwatch-logs',
]
const blueprintNames = [
  new RegExp(`^blueprint:(${blueprints.join('|')})$`),
  `blueprint: and ${blueprints.join(', ')}`,
] as const
const isBlueprint = (module: unknown) => typeof module === 'string' && module.startsWith('blueprint:')
const moduleNames = [/\.([cm]?[jt]s|py)$/, 'a file that ends in .mjs, .js, .cjs, .ts or .py'] as const
const common = ['timeoutSeconds', 'concurrency', 'description', 'role']
const ofModule = ['module', 'handler', 'memoryMiB', 'environment', ...common]
const ofUrl = ['url', ...common]

/**
 * Checks functions and settles their options.
 * @param baseFolder what relative module paths are relative to
 * @throws Error with one line that names the function and the field
 */
export function functionDefinitions(
  given: unknown,
  baseFolder: string,
  accountId: string,
): ReadonlyMap<string, FunctionDefinition> {
  if (!isObject(given)) throw new Error('functions: must be an object of functions by name')
  const definitions = new Map<string, FunctionDefinition>()
  for (const [name, options] of Object.entries(given)) {
    if (!names.test(name)) throw new Error(`functions: "${name}" is not a name: use letters, digits, - and _, up to 64`)
    definitions.set(name, definitionOf(name, options, baseFolder, accountId))
  }
  return definitions
}

function definitionOf(name: string, options: unknown, baseFolder: string, accountId: string): FunctionDefinition {
  const wrong = (field: string, what: string) => new Error(`functions: ${name}: ${field} must be ${what}`)
  if (!isObject(options)) throw wrong('the function', 'an object with "module" or "url"')
  const isRemote = 'url' in options
  const known = isRemote ? ofUrl : ofModule
  const stranger = Object.keys(options).find((field) => !known.includes(field))
  if (stranger !== undefined)
    throw new Error(`functions: ${name}: there is no option "${stranger}" here; there are ${known.join(', ')}`)
  const whole = (field: string, standard: number, min: number, max: number): number => {
    const value = options[field] ?? standard
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw wrong(field, `a whole number from ${min} to ${max}`)
    return value
  }
  const text = (field: string, standard: string, pattern: RegExp, what: string): string => {
    const value = options[field] ?? standard
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(field, what)
    return value
  }
  const [modules, modulesSaid] = isBlueprint(options.module) ? blueprintNames : moduleNames
  const code = isRemote
    ? ({ kind: 'url', url: text('url', '', /^https?:\/\/[^/]/, 'an http or https URL') } as const)
    : ({
        kind: 'module',
        path: modulePath(text('module', '', modules, modulesSaid), baseFolder),
        handler: text('handler', 'handler', /^[\w$]+(\.[\w$]+)*$/, 'the name of an export'),
        memoryMiB: whole('memoryMiB', 128, 64, 10_240),
        environment: environmentOf(options.environment ?? {}, wrong),
      } as const)
  return {
    name,
    code,
    timeoutMs: whole('timeoutSeconds', 3, 1, 900) * 1000,
    concurrency: whole('concurrency', 10, 1, 1000),
    description: text('description', '', /^[\s\S]{0,256}$/, 'a text of up to 256 characters'),
    role: text('role', standardRole(accountId), /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, 'an ARN'),
  }
}

/** A blueprint is a source file here, and a compiled one where Millrace is installed from a registry. */
function modulePath(module: string, baseFolder: string): string {
  if (!isBlueprint(module)) return resolve(baseFolder, module)
  const file = `${module.slice('blueprint:'.length)}${extname(import.meta.filename)}`
  return join(import.meta.dirname, '../blueprints', file)
}

function environmentOf(
  given: unknown,
  wrong: (field: string, what: string) => Error,
): Readonly<Record<string, string>> {
  if (!isObject(given) || Object.values(given).some((value) => typeof value !== 'string'))
    throw wrong('environment', 'an object of texts')
  return given as Record<string, string>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
