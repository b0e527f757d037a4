import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { algorithm, type CredentialScope } from './authorization.ts'
import { sha256Hex } from './canonical-request.ts'

/** Keys in this form are several times faster than their bytes. */
const hmac = (key: KeyObject, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The key that one secret has for a day, a region and a service: whoever gets to know it cannot sign for others. */
export function signingKey(
  secret: string,
  { date, region, service, terminator }: Pick<CredentialScope, 'date' | 'region' | 'service' | 'terminator'>,
): KeyObject {
  let key = createSecretKey(`AWS4${secret}`, 'utf8')
  for (const part of [date, region, service, terminator]) key = createSecretKey(hmac(key, part))
  return key
}

/**
 * @param amzDate `20150830T123600Z`
 * @param scope `20150830/us-east-1/service/aws4_request`
 */
export const stringToSign = (amzDate: string, scope: string, canonicalRequest: string): string =>
  `${algorithm}\n${amzDate}\n${scope}\n${sha256Hex(canonicalRequest)}`

/** 32 bytes; requests carry them as hexadecimal digits. */
export const signatureOf = (key: KeyObject, textToSign: string): Buffer => hmac(key, textToSign)
