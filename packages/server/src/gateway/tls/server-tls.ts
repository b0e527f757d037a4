import { readFile } from 'node:fs/promises'
import type { Clock, Logger, Random } from '@millrace/ports'
import { watchFiles } from '../../core/file-watch.ts'
import type { ServerCertificate } from './certificate.ts'
import { certificateIn, certificateInMemory, isOld, namesFor, type OwnCertificate } from './certificate-folder.ts'
import { type TlsDoor, tlsDoor } from './tls-door.ts'

/** Where a certificate comes from: made here, given as PEM, or in files that are read again when they change. */
export type CertificateSource = true | ServerCertificate | { readonly certFile: string; readonly keyFile: string }

export type ServerTlsOptions = {
  readonly certificate: CertificateSource
  /** A file of authorities (PEM) that vouch for clients, and whether each client needs a certificate of theirs. */
  readonly clients?: { readonly caFile: string; readonly isRequired: boolean } | undefined
  /** Where a certificate that is made here is kept; undefined keeps it in memory. */
  readonly folder: string | undefined
  /** What a certificate that is made here names, beside this machine's own names. */
  readonly names: readonly string[]
  /** Clients look at theirs: real time. */
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** TLS as a server speaks it, and what goes on with it while the server runs. */
export type ServerTls = {
  readonly door: TlsDoor
  /** What clients are told to trust; undefined for an operator's certificate. */
  readonly authority: () => string | undefined
  readonly authorityPath: string | undefined
  stop(): void
}

/** How often the end of a certificate that was made here is looked at. */
export const renewalLookMs = 24 * 3600 * 1000

/** @throws Error with one line if the certificate cannot be read or used */
export async function openServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { certificate, clients, clock, logger } = options
  const files = [
    ...(typeof certificate === 'object' && 'certFile' in certificate
      ? [certificate.certFile, certificate.keyFile]
      : []),
    ...(clients ? [clients.caFile] : []),
  ]
  let reload: () => Promise<void> = async () => {}
  const stopWatching = files.length > 0 ? watchFiles(files, clock, () => reload()) : () => {}
  const over = new AbortController()
  const stop = () => {
    stopWatching()
    over.abort()
  }
  try {
    let shown = await certificateOf(options)
    const ca = clients && (await textIn(clients.caFile))
    const door = await tlsDoor(shown, clients && { ca: ca!, isRequired: clients.isRequired })
    const renew = async () => {
      const next = certificate === true ? await renewed(shown as OwnCertificate, options) : await certificateOf(options)
      door.renew(next, clients && (await textIn(clients.caFile)))
      shown = next
    }
    reload = () =>
      renew().then(
        () => logger.log('info', 'the TLS certificate was read again: new connections get it'),
        (error: Error) =>
          logger.log('error', 'the TLS certificate has changed and cannot be used: the previous one stays', {
            because: error.message,
          }),
      )
    if (certificate === true)
      void (async () => {
        while (!over.signal.aborted) {
          await clock.sleep(renewalLookMs, over.signal)
          if (!over.signal.aborted && isOld(shown.cert, namesOf(options), clock.nowMs())) await reload()
        }
      })()
    return { door, authority: () => shown.authority, authorityPath: shown.authorityPath, stop }
  } catch (error) {
    stop()
    throw error
  }
}

type Shown = ServerCertificate & Partial<OwnCertificate>

async function certificateOf(options: ServerTlsOptions): Promise<Shown> {
  const { certificate, folder } = options
  if (certificate === true) {
    const names = namesOf(options)
    return folder === undefined ? certificateInMemory(names, options) : certificateIn(folder, names, options)
  }
  if ('cert' in certificate) return certificate
  return { cert: await textIn(certificate.certFile), key: await textIn(certificate.keyFile) }
}

/** Own ones are made anew when they are old; at other changes (of the clients' authorities) they stay. */
const renewed = async (shown: OwnCertificate, options: ServerTlsOptions): Promise<Shown> =>
  isOld(shown.cert, namesOf(options), options.clock.nowMs()) ? certificateOf(options) : shown

const namesOf = ({ names }: ServerTlsOptions) => [...new Set(names.flatMap(namesFor))]

async function textIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
