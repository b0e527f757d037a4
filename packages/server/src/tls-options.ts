import { type Logger, type Random, systemClock } from '@millrace/ports'
import type { CertificateSource, ServerTls } from './gateway/tls/server-tls.ts'
import { ConfigError } from './option-values.ts'

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
