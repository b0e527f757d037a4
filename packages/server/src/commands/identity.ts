import { parseArgs } from 'node:util'
import { type Random, systemClock, systemRandom } from '@millrace/ports'
import { catalogUsers, catalogWord } from '../catalog-users.ts'
import { serverOptions } from '../config.ts'
import type { Place } from '../core/arn.ts'
import { IdentityFile } from '../identity/identity-file.ts'
import type { IdentityPlace } from '../identity/identity-place.ts'
import { IdentityError } from '../identity/identity-reader.ts'
import { standardKeyring } from '../keys/keys-door.ts'
import { refusedOptions } from '../option-values.ts'
import type { Output } from './command.ts'
import { commands, options, type Values } from './identity-commands.ts'
import { identityHelp } from './identity-help.ts'

type Surroundings = {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly random?: Random
}

/** Makes and changes an identity document: a file, or in a data folder's catalog. Returns the exit code: 1 when the answer is no, 2 when it was not asked rightly. */
export async function identityCommand(
  args: readonly string[],
  out: Output,
  err: Output,
  { env = process.env, random = systemRandom }: Surroundings = {},
): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [name, ...rest] = positionals
    if (values.help || name === undefined) {
      out.write(identityHelp)
      return values.help ? 0 : 2
    }
    const command = commands.get(name)
    if (!command)
      throw new IdentityError(`there is no command "${name}"; there are ${[...commands.keys()].join(', ')}. See --help`)
    const wanted = command.operands.split(' ').filter((operand) => operand !== '')
    const needed = wanted.filter((operand) => !operand.startsWith('['))
    if (rest.length < needed.length || rest.length > wanted.length)
      throw new IdentityError(`usage: millrace identity ${name} ${command.operands}`.trimEnd())
    const place = placeOf(values, env)
    const kept = keptIn(values, env, place, random)
    const { lines, isNo } = await command.run(rest, { values, kept, place, random })
    out.write(`${lines.join('\n')}\n`)
    return isNo ? 1 : 0
  } catch (error) {
    if (!isForOperator(error)) throw error
    err.write(`millrace identity: ${refusedOptions(error, 'millrace identity --help')}\n`)
    return 2
  }
}

const systemCodes = new Set(['EACCES', 'EPERM', 'ENOENT', 'EISDIR', 'ENOTDIR', 'EROFS', 'ENOSPC'])

function isForOperator(error: unknown): boolean {
  const code = String((error as NodeJS.ErrnoException).code)
  return error instanceof IdentityError || code.startsWith('ERR_PARSE_ARGS') || systemCodes.has(code)
}

/** Where the document is, as the server would be told of it. */
function keptIn(values: Values, env: NonNullable<Surroundings['env']>, place: Place, random: Random): IdentityPlace {
  const { file = values.catalog ? catalogWord : undefined, data: folder, keyring } = values
  if (values.catalog && values.file !== undefined)
    throw new IdentityError('--file and --catalog are two places: give only one of them')
  const named = file ?? env.MILLRACE_IDENTITY ?? 'identity.json'
  if (named !== catalogWord) return new IdentityFile(named, random)
  const data = folder ?? env.MILLRACE_DATA ?? serverOptions.data.default
  const keyringFile = keyring ?? env.MILLRACE_KEYRING ?? standardKeyring(data)
  return catalogUsers({ data, keyringFile, place, clock: systemClock, random })
}

/** By the rules of the server's own options. */
function placeOf(values: Values, env: NonNullable<Surroundings['env']>): Place {
  const read = (name: 'account' | 'region') => {
    const { env: variable, default: standard, parse } = serverOptions[name]
    const given = values[name] ?? env[variable]
    if (given === undefined) return standard
    try {
      return parse(given)
    } catch (error) {
      throw new IdentityError(`--${name} must be ${(error as Error).message}, not "${given}"`)
    }
  }
  return { accountId: read('account'), region: read('region') }
}
