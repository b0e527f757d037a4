import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock, Logger } from '@millrace/ports'
import { watchFiles } from '../core/file-watch.ts'
import { compilePolicy } from '../policies/compile-policy.ts'
import type { Policy } from '../policies/policy.ts'
import type { Address } from './listener.ts'

/*
 * Private endpoints: further addresses of the server, each for one part of a network, with its own name and its own policy, as
 * VPC endpoints are on AWS. What comes by one is known to (`aws:SourceVpce`), whatever it says of itself.
 */

/** One of them, as an operator writes it. */
export type PrivateEndpointOptions = {
  /** Letters, digits, - and _: what it is called in messages, and what its id is made of. */
  readonly name: string
  /** `vpce-` and 8 to 17 hexadecimal digits. @default made of the name, always the same */
  readonly id?: string
  /** What `aws:SourceVpc` says of requests that come by it: `vpc-` and digits. @default none */
  readonly vpcId?: string
  /** `HOST:PORT`; an IPv6 address in brackets; port 0 takes a free one. Either this or `socket`. */
  readonly address?: string
  /** Path of a Unix socket. */
  readonly socket?: string
  /** Who may connect to the socket: `0600` its owner, `0660` its group too. @default '0600' */
  readonly mode?: '0600' | '0660'
  /** Names under which clients know it; the server's own certificate has them too. @default none */
  readonly dnsNames?: readonly string[]
  /** An IAM policy: what it does not allow is denied by this door, whatever the caller may do elsewhere. @default everything */
  readonly policy?: unknown
  /** Whether HTTPS is spoken, by the server's certificate: also, only, or not at all. @default 'server', as at the server's own address */
  readonly tls?: 'server' | 'only' | 'off'
}

export type PrivateEndpoint = {
  readonly name: string
  readonly id: string
  readonly vpcId: string | undefined
  readonly at: Address
  readonly dnsNames: readonly string[]
  /** What its policy says now; undefined lets everything through. */
  policy: Policy | undefined
  readonly tls: 'server' | 'only' | 'off'
}

/** Endpoints that one server may have. */
const endpointsMax = 50

/**
 * Keeps the policies as their file says them. Names, addresses and ids are those of the start: another door needs another
 * start. What cannot be used is told, and changes nothing.
 * @returns how to stop
 */
export function followPolicies(
  endpoints: readonly PrivateEndpoint[],
  path: string,
  clock: Clock,
  logger: Logger,
): () => void {
  return watchFiles([path], clock, () => {
    try {
      const read = privateEndpointsOf(path)
      if (facesOf(read) !== facesOf(endpoints))
        throw wrong('names, ids, addresses and TLS cannot change while the server runs: start it again')
      for (const endpoint of endpoints) endpoint.policy = read.find(({ id }) => id === endpoint.id)!.policy
      logger.log('info', 'the policies of private endpoints were read again', { path })
    } catch (error) {
      const because = (error as Error).message
      logger.log('error', 'private endpoints have changed and cannot be used: everything stays as it was', { because })
    }
  })
}

/** All but the policies. */
const facesOf = (endpoints: readonly PrivateEndpoint[]) =>
  JSON.stringify(endpoints.map(({ policy: _policy, ...face }) => face).sort((a, b) => (a.id < b.id ? -1 : 1)))

/** Reads them from a file, or takes them as they are given. @throws Error with one line that says what is wrong with which */
export function privateEndpointsOf(given: string | readonly PrivateEndpointOptions[]): readonly PrivateEndpoint[] {
  const document: unknown = typeof given === 'string' ? documentIn(given) : given
  if (!Array.isArray(document)) throw wrong('they must be a list')
  if (document.length > endpointsMax) throw wrong(`there are ${document.length}, of at most ${endpointsMax}`)
  const endpoints = document.map(endpointOf)
  for (const what of ['name', 'id'] as const) {
    const seen = new Set<string>()
    for (const endpoint of endpoints) {
      if (seen.has(endpoint[what])) throw wrong(`two have the ${what} "${endpoint[what]}"`)
      seen.add(endpoint[what])
    }
  }
  return endpoints
}

/** What clients call one that speaks the server's TLS. */
export const namesOf = ({ at, dnsNames, tls }: PrivateEndpoint): string[] =>
  tls === 'off' ? [] : [...('host' in at ? [at.host] : []), ...dnsNames]

const wrong = (because: string) => new Error(`private endpoints: ${because}`)

function documentIn(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw wrong(`${path} is not JSON`)
  }
}

const known = new Set(['name', 'id', 'vpcId', 'address', 'socket', 'mode', 'dnsNames', 'policy', 'tls'])

function endpointOf(given: unknown, index: number): PrivateEndpoint {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(`number ${index + 1} is not an object`)
  const { name, id, vpcId, dnsNames = [], policy, tls = 'server' } = given as Record<string, unknown>
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name))
    throw wrong(`number ${index + 1} needs a name of letters, digits, - and _`)
  const bad = (because: string) => wrong(`"${name}" ${because}`)
  const unknown = Object.keys(given).find((key) => !known.has(key))
  if (unknown !== undefined) throw bad(`has "${unknown}", which is not one of ${[...known].join(', ')}`)
  if (id !== undefined && !(typeof id === 'string' && /^vpce-[0-9a-f]{8,17}$/.test(id)))
    throw bad('needs as id vpce- and 8 to 17 hexadecimal digits, or none')
  if (vpcId !== undefined && !(typeof vpcId === 'string' && /^vpc-[0-9a-f]{8,17}$/.test(vpcId)))
    throw bad('needs as vpcId vpc- and 8 to 17 hexadecimal digits, or none')
  if (!(Array.isArray(dnsNames) && dnsNames.every((each) => typeof each === 'string' && isDnsName(each))))
    throw bad('needs as dnsNames a list of names such as kinesis.internal.example')
  if (tls !== 'server' && tls !== 'only' && tls !== 'off') throw bad('needs as tls server, only or off')
  const at = addressOf(given as Record<string, unknown>, bad)
  if ('socket' in at && tls === 'only') throw bad('is a Unix socket, which needs no TLS')
  return {
    name,
    id: (id as string | undefined) ?? idOf(name),
    vpcId: vpcId as string | undefined,
    at,
    dnsNames: dnsNames as string[],
    policy: policy === undefined ? undefined : compiled(policy, name, bad),
    tls: 'socket' in at ? 'off' : tls,
  }
}

function compiled(policy: unknown, name: string, bad: (because: string) => Error): Policy {
  try {
    return compilePolicy(policy, 'VPC endpoint policy', name)
  } catch (error) {
    throw bad(`has a policy that cannot be used: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** Always the same for a name, so that policies can say it. */
const idOf = (name: string) => `vpce-${createHash('sha256').update(name).digest('hex').slice(0, 17)}`

const isDnsName = (name: string) =>
  name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/i.test(label))

function addressOf(
  { address, socket, mode }: Readonly<Record<string, unknown>>,
  bad: (because: string) => Error,
): Address {
  if ((address === undefined) === (socket === undefined)) throw bad('needs either an address or a socket')
  if (socket !== undefined) {
    if (typeof socket !== 'string' || socket === '') throw bad('needs as socket a path')
    if (mode !== undefined && mode !== '0600' && mode !== '0660') throw bad('needs as mode 0600 or 0660')
    return { socket, mode: mode === '0660' ? 0o660 : 0o600 }
  }
  if (mode !== undefined) throw bad('has a mode, which only a socket has')
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(String(address)) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) throw bad('needs as address HOST:PORT, e.g. 10.0.0.5:4567')
  return { host, port: Number(port) }
}
