import { parseArgs } from 'node:util'
import { type Clock, type Random, systemClock, systemRandom } from '@millrace/ports'
import {
  findKey,
  type Keyring,
  KeyringError,
  type MasterKey,
  rotated,
  withAlias,
  withKey,
  withNewKey,
  withoutDeleted,
} from '../keys/keyring.ts'
import { KeyringFile } from '../keys/keyring-file.ts'
import { standardKeyring } from '../keys/keys-door.ts'
import { refusedOptions } from '../option-values.ts'
import type { Output } from './command.ts'

type Parts = { readonly clock: Clock; readonly random: Random; readonly env: NodeJS.ProcessEnv }

const dayMs = 24 * 3_600_000
const deletionDaysMin = 7
const deletionDaysMax = 30

type Change = (ring: Keyring, named: string, asked: Asked, parts: Parts) => readonly [Keyring, string]
type Asked = { readonly alias?: string | undefined; readonly days: number }

/** What may be done to a keyring: what stands behind the name, and one line of what it did. */
const changes: Readonly<
  Record<string, { readonly takes?: string; readonly options?: string; readonly help: string; readonly change: Change }>
> = {
  create: {
    options: '[--alias ALIAS]',
    help: 'makes a key, by the name of --alias if there is one; prints its id',
    change(ring, _, { alias }, { clock, random }) {
      const [grown, { id }] = withNewKey(ring, clock.nowMs(), random, alias)
      return [grown, id]
    },
  },
  alias: {
    takes: 'KEY',
    options: '--alias ALIAS',
    help: 'gives a key one more name',
    change(ring, named, { alias }, { clock }) {
      if (alias === undefined) throw new KeyringError('which alias? Say --alias alias/NAME')
      const { id } = keyIn(ring, named, clock)
      return [withAlias(ring, alias, id), `${alias} is ${id}`]
    },
  },
  disable: {
    takes: 'KEY',
    help: 'streams that are encrypted by it answer KMSDisabledException within seconds',
    change: (ring, named, _, { clock }) => stateSet(ring, keyIn(ring, named, clock), 'Disabled'),
  },
  enable: {
    takes: 'KEY',
    help: 'undoes disable',
    change: (ring, named, _, { clock }) => stateSet(ring, keyIn(ring, named, clock), 'Enabled'),
  },
  rotate: {
    takes: 'KEY',
    help: 'new data keys are wrapped by a new secret; what there is stays readable',
    change(ring, named, _, { clock, random }) {
      const key = rotated(keyIn(ring, named, clock), clock.nowMs(), random)
      return [withKey(ring, key), `${key.id} is in its generation ${key.generations.length}`]
    },
  },
  'schedule-deletion': {
    takes: 'KEY',
    options: '[--days DAYS]',
    help: `deletes it after --days (${deletionDaysMin} to ${deletionDaysMax}, else ${deletionDaysMax}); until then it is not usable`,
    change(ring, named, { days }, { clock }) {
      if (!(days >= deletionDaysMin && days <= deletionDaysMax))
        throw new KeyringError(`--days must be from ${deletionDaysMin} to ${deletionDaysMax}`)
      const key = { ...keyIn(ring, named, clock), deletionMs: clock.nowMs() + days * dayMs }
      return [
        withKey(ring, key),
        `${key.id} will be deleted on ${day(key.deletionMs)}; then nothing that it protects can be read`,
      ]
    },
  },
  'cancel-deletion': {
    takes: 'KEY',
    help: 'undoes schedule-deletion; the key is disabled, as after it on AWS',
    change(ring, named, _, { clock }) {
      const { deletionMs: __, ...key } = keyIn(ring, named, clock)
      return stateSet(ring, key, 'Disabled')
    },
  },
}

/** `millrace keys …`: the keyring. Returns the exit code: 0, or 2 for what cannot be. */
export async function keysCommand(
  args: readonly string[],
  out: Output,
  err: Output,
  parts: Parts = { clock: systemClock, random: systemRandom, env: process.env },
): Promise<number> {
  try {
    out.write(await linesOf(args, parts))
    return 0
  } catch (error) {
    err.write(`millrace keys: ${refusedOptions(error, 'millrace keys --help')}\n`)
    return 2
  }
}

async function linesOf(args: readonly string[], parts: Parts): Promise<string> {
  const options = { alias: text, data: text, keyring: text, days: text, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [command, named, ...more] = positionals
  if (values.help || command === undefined) return help()
  const { clock, env } = parts
  const data = values.data ?? env.MILLRACE_DATA ?? '.millrace'
  const file = new KeyringFile(values.keyring ?? env.MILLRACE_KEYRING ?? standardKeyring(data), clock)
  if (command === 'list' && named === undefined) return list(await file.read(), clock.nowMs())
  const asked = Object.hasOwn(changes, command) ? changes[command]! : undefined
  if (!asked || more.length > 0 || (named === undefined) !== (asked.takes === undefined))
    throw new KeyringError(asked ? usage(command) : `there is no "${command}". See millrace keys --help`)
  const change = (ring: Keyring) =>
    asked.change(
      withoutDeleted(ring, clock.nowMs()),
      named ?? '',
      { alias: values.alias, days: Number(values.days ?? deletionDaysMax) },
      parts,
    )
  return `${await file.change(change)}\n`
}

const text = { type: 'string' } as const

/** @throws KeyringError */
function keyIn(ring: Keyring, named: string, clock: Clock): MasterKey {
  const found = findKey(ring, named.replace(/^arn:.*:kms:.*:(key\/)?/, ''), clock.nowMs())
  if (!found) throw new KeyringError(`the keyring has no key "${named}"`)
  return found
}

const stateSet = (ring: Keyring, key: MasterKey, state: MasterKey['state']): readonly [Keyring, string] => [
  withKey(ring, { ...key, state }),
  `${key.id} is ${state}`,
]

function list({ keys, aliases }: Keyring, nowMs: number): string {
  const rows = keys
    .filter(({ deletionMs }) => deletionMs === undefined || deletionMs > nowMs)
    .map(({ id, createdMs, state, deletionMs, generations }) => {
      const names = Object.keys(aliases).filter((alias) => aliases[alias] === id)
      const told = deletionMs === undefined ? state : `PendingDeletion on ${day(deletionMs)}`
      return `${id}  ${told}  made ${day(createdMs)}, generation ${generations.length}  ${names.join(' ')}`.trimEnd()
    })
  return rows.length === 0 ? 'the keyring has no keys yet\n' : `${rows.join('\n')}\n`
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

const usage = (command: string) => {
  const { takes, options } = changes[command]!
  return ['usage: millrace keys', command, takes, options].filter((part) => part !== undefined).join(' ')
}

const help = () =>
  [
    'millrace keys: the keyring, whose keys protect what is encrypted (docs/encryption.md)',
    '',
    'Usage: millrace keys list',
    ...Object.entries(changes).flatMap(([name, { help: what }]) => [
      `       ${usage(name).slice(7)}`,
      `           ${what}`,
    ]),
    '',
    'KEY is an id, an ARN or an alias. A running server sees each change within seconds.',
    '  --keyring FILE   the keyring. Default: keys/keyring.json in the data folder. Environment: MILLRACE_KEYRING',
    '  --data DIR       the data folder. Default: .millrace. Environment: MILLRACE_DATA',
    '',
  ].join('\n')
