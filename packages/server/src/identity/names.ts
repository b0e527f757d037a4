import { createHash } from 'node:crypto'
import type { Random } from '@millrace/ports'
import { globalArn, type Place } from '../core/arn.ts'

/*
 * What IAM calls those who act: names, ARNs, ids.
 */

/** Users, groups, roles and policies; roles have 64 characters at most, the others 128. */
export const namePattern = /^[\w+=,.@-]{1,128}$/
export const roleNamePattern = /^[\w+=,.@-]{1,64}$/
/** `/`, or segments between slashes; 512 characters at most. */
export const pathPattern = /^\/$|^\/[\u0021-\u007e]{1,510}\/$/
export const accountPattern = /^\d{12}$/
/** A slash would end it in a signature's scope; `ASIA` is the beginning of temporary keys. */
export const accessKeyIdPattern = /^(?!ASIA)\w{16,128}$/
export const secretPattern = /^[\u0021-\u007e]{16,128}$/

export const userArn = (place: Place, path: string, name: string) => globalArn(place, 'iam', `user${path}${name}`)
export const roleArn = (place: Place, path: string, name: string) => globalArn(place, 'iam', `role${path}${name}`)
export const policyArn = (place: Place, name: string) => globalArn(place, 'iam', `policy/${name}`)
/** The path of a role is not in its sessions' ARNs. */
export const sessionArn = (place: Place, roleName: string, sessionName: string) =>
  globalArn(place, 'sts', `assumed-role/${roleName}/${sessionName}`)

/** A unique id as AWS gives: here it comes from the ARN, so that it is the same after every start and on every server. */
export const uniqueId = (prefix: 'AIDA' | 'AROA', arn: string) =>
  prefix + base32(createHash('sha256').update(arn).digest(), 17)

/** A key id of 20 characters: `AKIA…` of a user, `ASIA…` of a session. */
export const newAccessKeyId = (prefix: 'AKIA' | 'ASIA', random: Random) => prefix + base32(random.bytes(10), 16)

/** 40 characters, 240 bits. */
export const newSecret = (random: Random) => Buffer.from(random.bytes(30)).toString('base64')

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function base32(bytes: Uint8Array, length: number): string {
  let text = ''
  let [bits, held] = [0, 0]
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += letters[(held >> (bits - 5)) & 31]
    held &= 0xff
  }
  return text.slice(0, length)
}
