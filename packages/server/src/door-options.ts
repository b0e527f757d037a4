import { readFileSync, statSync } from 'node:fs'
import { type Logger, type Random, systemClock } from '@millrace/ports'
import { checkExposure } from './exposure.ts'
import type { PageAccess } from './gateway/pages.ts'
import type { PrivateEndpoint, PrivateEndpointOptions } from './gateway/private-endpoints.ts'
import type { CertificateSource, ServerTls } from './gateway/tls/server-tls.ts'
import { ConfigError } from './option-values.ts'

export type DoorOptions = TlsOptions & {
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** Listen beyond this machine without `identity`: whoever reaches the port may do everything. @default false */
  readonly insecure?: boolean
  /** Further addresses, each with a policy of its own: a JSON file, or what would stand in it (see docs/private-endpoints.md). @default none */
  readonly privateEndpoints?: string | readonly PrivateEndpointOptions[]
  /**
   * A file with the token that /metrics and /deliveries are given for (`Authorization: Bearer`); only its owner may read it.
   * @default none: with `identity` these pages are closed, without it they are open
   */
  readonly pagesToken?: string
}

/** Who may read the pages. @throws ConfigError if the token's file cannot be read, others may read it, or it holds no good one */
export function pageAccessOf({ identity, pagesToken }: DoorOptions & { readonly identity?: unknown }): PageAccess {
  if (pagesToken === undefined) return identity === undefined ? 'anybody' : 'nobody'
  return { token: readPagesToken(pagesToken) }
}

/** What `--pages-token` and `--token-file` name. @throws ConfigError */
export function readPagesToken(path: string): string {
  let text: string
  let mode: number
  try {
    mode = statSync(path).mode
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(`the token's file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new ConfigError(`others may read the token in ${path}: chmod 600 ${path}`)
  if (!/^[\x21-\x7e]{16,}$/.test(text))
    throw new ConfigError(`${path} must hold one token of at least 16 characters: openssl rand -hex 32 > ${path}`)
  return text
}

export type TlsOptions = {
  /**
   * Speak TLS beside plain HTTP, on the same port: by a certificate of one's own (PEM), or by one that is made, kept in
   * the data folder, and vouched for by an authority that clients are told to trust. Files are read again when they change.
   * @default false
   */
  readonly tls?: false | CertificateSource
  /** A file of authorities (PEM): clients must show a certificate of theirs. Requests are signed all the same. @default none */
  readonly tlsClientCa?: string
  /** Whether clients need a certificate of `tlsClientCa`; whoever shows one must show a good one. @default 'required' */
  readonly tlsClientAuth?: 'none' | 'optional' | 'required'
  /** Refuse plain HTTP. @default false; true where clients need a certificate */
  readonly tlsOnly?: boolean
}

/** @throws ConfigError where options of TLS are without it, or would be of no use */
export function checkTls({ tls, tlsClientCa, tlsClientAuth = 'none', tlsOnly }: TlsOptions): void {
  if (!tls && (tlsOnly || tlsClientCa !== undefined || tlsClientAuth !== 'none'))
    throw new ConfigError('--tls-only, --tls-client-ca and --tls-client-auth need --tls, or --tls-cert and --tls-key')
  if (tlsClientAuth !== 'none' && tlsClientCa === undefined)
    throw new ConfigError(`--tls-client-auth ${tlsClientAuth} needs --tls-client-ca FILE`)
}

/** Is plain HTTP refused? It would let clients in who show no certificate. */
export const isTlsOnly = (options: TlsOptions): boolean => options.tlsOnly === true || mustShowCertificates(options)

const mustShowCertificates = ({ tlsClientCa, tlsClientAuth = 'required' }: TlsOptions) =>
  tlsClientCa !== undefined && tlsClientAuth === 'required'

/** TLS where it is asked for; undefined, and no code of it loaded, where it is not. */
export async function openTls(
  options: TlsOptions,
  names: readonly string[],
  data: string | undefined,
  random: Random,
  logger: Logger,
): Promise<ServerTls | undefined> {
  const { tls, tlsClientCa, tlsClientAuth } = options
  if (!tls) return undefined
  const { openServerTls } = await import('./gateway/tls/server-tls.ts')
  const clients = { caFile: tlsClientCa!, isRequired: mustShowCertificates(options) }
  return openServerTls({
    certificate: tls,
    ...(tlsClientCa !== undefined && tlsClientAuth !== 'none' && { clients }),
    folder: data && `${data}/tls`,
    names,
    clock: systemClock, // clients look at theirs
    random,
    logger,
  })
}

/** Private endpoints, the names that certificates are to have for them, and how to stop following their file. */
export type OpenEndpoints = {
  readonly list: readonly PrivateEndpoint[]
  readonly names: readonly string[]
  /** Keeps their policies as their file says. */
  follow(): void
  stop(): void
}

/**
 * Checks where the server is to listen, and reads its private endpoints.
 * @throws ConfigError if it would be open to the network without wanting it, or an endpoint cannot be as it was written
 */
export async function openEndpoints(
  options: DoorOptions & { readonly identity?: unknown },
  logger: Logger,
): Promise<OpenEndpoints> {
  const { host = '127.0.0.1', privateEndpoints } = options
  checkExposure(host, options, logger)
  if (privateEndpoints === undefined) return { list: [], names: [], follow: () => {}, stop: () => {} }
  const { followPolicies, namesOf, privateEndpointsOf } = await import('./gateway/private-endpoints.ts')
  let list: readonly PrivateEndpoint[]
  try {
    list = privateEndpointsOf(privateEndpoints)
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
  for (const { at, name, policy } of list) {
    if ('host' in at) checkExposure(at.host, options, logger)
    if (policy && options.identity === undefined)
      throw new ConfigError(
        `the private endpoint "${name}" has a policy, which needs users to apply to: start with --identity FILE, or remove the policy`,
      )
  }
  let stop = () => {}
  const follow = () => {
    if (typeof privateEndpoints === 'string') stop = followPolicies(list, privateEndpoints, systemClock, logger)
  }
  return { list, names: list.flatMap(namesOf), follow, stop: () => stop() }
}
