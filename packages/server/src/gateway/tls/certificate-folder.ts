import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { Clock, Logger, Random } from '@millrace/ports'
import { isGoodFor, makeCertificate, type ServerCertificate } from './certificate.ts'

/** A certificate that this server made for itself. */
export type OwnCertificate = ServerCertificate & {
  /** What clients are told to trust, as PEM. */
  readonly authority: string
  /** Where that lies as a file; undefined if all is in memory. */
  readonly authorityPath?: string
}

/** One with less time than this is made anew. */
const leftMsMin = 30 * 24 * 3600 * 1000

type Parts = { readonly clock: Clock; readonly random: Random; readonly logger: Logger }

/** What a local server may be called by: this machine's own names, and what it was told to listen on. */
export function namesFor(host: string): string[] {
  const own = ['localhost', '*.localhost', '127.0.0.1', '::1']
  const isNameable = isIP(host) !== 0 ? host !== '0.0.0.0' && host !== '::' : /^[a-z0-9.-]+$/i.test(host)
  return isNameable && !own.includes(host) ? [...own, host] : own
}

/** Made at each start: clients learn it anew, by what the server says of itself. */
export const certificateInMemory = (names: readonly string[], { clock, random }: Parts): OwnCertificate =>
  makeCertificate(names, clock.nowMs(), random)

/** Is it time for another one? */
export const isOld = (cert: string, names: readonly string[], nowMs: number): boolean =>
  !isGoodFor(cert, names, nowMs, leftMsMin)

/**
 * The certificate of a folder, made when missing, expired within a month, or lacking a name that is wanted now.
 *
 *   DIR/server.pem   key, certificate, authority in one file: they belong together. Nobody else may read it.
 *   DIR/ca.pem       the authority alone, for clients
 */
export async function certificateIn(folder: string, names: readonly string[], parts: Parts): Promise<OwnCertificate> {
  const { clock, random, logger } = parts
  const authorityPath = resolve(folder, 'ca.pem')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kept = await readFile(`${folder}/server.pem`, 'utf8').catch(ifMissing)
  const known = kept === undefined ? undefined : parse(kept)
  if (known && !isOld(known.cert, names, clock.nowMs())) {
    await chmod(`${folder}/server.pem`, 0o600)
    if ((await readFile(authorityPath, 'utf8').catch(ifMissing)) !== known.authority)
      await replace(authorityPath, known.authority, 0o644)
    return { ...known, authorityPath }
  }
  if (kept !== undefined)
    logger.log('warn', 'the TLS certificate was made anew: clients must be given the new authority', {
      authorityPath,
      because: known ? 'it ends within a month, or lacks a name' : 'it cannot be read',
    })
  const made = makeCertificate(names, clock.nowMs(), random)
  await replace(`${folder}/server.pem`, made.key + made.cert, 0o600)
  await replace(authorityPath, made.authority, 0o644)
  return { ...made, authorityPath }
}

const ifMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}

/** Undefined if it is not what this server writes. */
function parse(text: string): (ServerCertificate & { authority: string }) | undefined {
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----\n[^-]+-----END \1-----\n/g) ?? []
  const [key, server, authority] = blocks
  if (blocks.length !== 3 || !key?.includes('PRIVATE KEY')) return undefined
  try {
    for (const certificate of [server!, authority!]) new X509Certificate(certificate)
  } catch {
    return undefined
  }
  return { key, cert: server! + authority!, authority: authority! }
}

/** Whole or not at all, also when the machine stops meanwhile. */
async function replace(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
