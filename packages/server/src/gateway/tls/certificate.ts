import { createHash, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Random } from '@millrace/ports'
import {
  bitString,
  explicit,
  implicit,
  integer,
  isTrue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

/*
 * A certificate for a server on one's own machine, and the authority that vouches for it, which clients are told to trust.
 * The authority signs this one certificate, and its key is forgotten: whoever trusts it trusts nothing else by it.
 *
 * Two certificates rather than one that signs itself: some clients (rustls) take no authority as a server, and others no
 * server as an authority.
 */

/** What a TLS server needs, as PEM. */
export type ServerCertificate = {
  /** The server's certificate, and the authority's after it. */
  readonly cert: string
  readonly key: string
}

/** What a client trusts (`AWS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`), as PEM. */
export type Authority = string

const dayMs = 24 * 3600 * 1000

/** The longest that Apple's clients take. */
export const validityMs = 825 * dayMs
/** A client's clock may be behind. */
const beforeMs = dayMs

/** RFC 5280, section 4.2.1.12: serverAuth, clientAuth. */
const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

/** Makes both, for names and IP addresses. */
export function makeCertificate(
  names: readonly string[],
  nowMs: number,
  random: Random,
  purpose: keyof typeof purposes = 'server',
): ServerCertificate & { readonly authority: Authority } {
  const authorityKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serverKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const authorityId = keyIdOf(authorityKeys.publicKey)
  const issuer = nameOf(`Millrace local authority ${authorityId.toString('hex').slice(0, 8)}`)
  const from = { notBefore: new Date(nowMs - beforeMs), notAfter: new Date(nowMs - beforeMs + validityMs) }
  const make = (parts: Omit<Parts, 'issuer' | 'signer' | 'serial' | 'notBefore' | 'notAfter'>) =>
    certificateOf({ ...from, ...parts, issuer, signer: authorityKeys.privateKey, serial: random.bytes(16) })
  const authority = make({
    subject: issuer,
    publicKey: authorityKeys.publicKey,
    extensions: [
      extension('2.5.29.19', sequence(isTrue, integer(Buffer.from([0]))), 'critical'), // an authority, for servers only
      extension('2.5.29.15', bitString(Buffer.from([0x06]), 1), 'critical'), // keyCertSign, cRLSign
      extension('2.5.29.14', octetString(authorityId)),
    ],
  })
  const server = make({
    subject: nameOf('Millrace'),
    publicKey: serverKeys.publicKey,
    extensions: [
      extension('2.5.29.19', sequence(), 'critical'), // no authority
      extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), 'critical'), // digitalSignature
      extension('2.5.29.37', sequence(objectIdentifier(purposes[purpose]))),
      extension('2.5.29.14', octetString(keyIdOf(serverKeys.publicKey))),
      extension('2.5.29.35', sequence(implicit(0, authorityId))),
      extension('2.5.29.17', sequence(...names.map(alternativeName))),
    ],
  })
  const key = serverKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { cert: server + authority, key, authority }
}

/** Does it name all of these, and hold for some while from now on? */
export function isGoodFor(cert: string, names: readonly string[], nowMs: number, leftMs: number): boolean {
  const { validFrom, validTo, subjectAltName = '' } = new X509Certificate(cert)
  const named = new Set(subjectAltName.split(', ').map((each) => each.replace(/^(DNS|IP Address):/, '')))
  return (
    Date.parse(validFrom) <= nowMs &&
    Date.parse(validTo) > nowMs + leftMs &&
    names.every((name) => named.has(isIP(name) === 6 ? longIpv6(name) : name))
  )
}

type Parts = {
  readonly issuer: Buffer
  readonly signer: KeyObject
  readonly serial: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Buffer
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
}

/** RFC 5280, section 4.1: what is signed, by what, and the signature. */
function certificateOf(parts: Parts): string {
  const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
  const serial = Buffer.from(parts.serial)
  serial[0]! &= 0x7f
  const signed = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    ecdsaWithSha256,
    parts.issuer,
    sequence(time(parts.notBefore), time(parts.notAfter)),
    parts.subject,
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...parts.extensions)),
  )
  const signature = sign('sha256', signed, parts.signer) // in DER, as a certificate has it
  const der = sequence(signed, ecdsaWithSha256, bitString(signature))
  const lines = der.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const nameOf = (commonName: string) => sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))))

const extension = (id: string, content: Buffer, critical?: 'critical') =>
  sequence(objectIdentifier(id), ...(critical ? [isTrue] : []), octetString(content))

const keyIdOf = (key: KeyObject) =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20)

/** GeneralName: [2] a DNS name, [7] an address of 4 or 16 bytes. */
function alternativeName(name: string): Buffer {
  const version = isIP(name)
  if (version === 0) return implicit(2, Buffer.from(name, 'latin1'))
  if (version === 4) return implicit(7, Buffer.from(name.split('.').map(Number)))
  return implicit(
    7,
    Buffer.from(
      longIpv6(name)
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(''),
      'hex',
    ),
  )
}

/** All eight groups, as certificates print them: `::1` → `0:0:0:0:0:0:0:1`. */
function longIpv6(address: string): string {
  const host = new URL(`http://[${address.split('%', 1)[0]}]`).hostname.slice(1, -1).toUpperCase()
  const [head = '', tail] = host.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  return [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after].join(':')
}
