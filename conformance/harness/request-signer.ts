import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './signature.ts'
import type { WireRequest } from './wire-forms.ts'

export type Key = { readonly id: string; readonly secret: string; readonly token?: string }

/** Signs by AWS's own signer, which knows nothing of Millrace's. The headers of the request, with the signature's. */
export async function signedHeaders(
  baseUrl: string,
  { method, path, headers, body }: WireRequest,
  service: string,
  key: Key,
  signedAt = new Date(),
): Promise<Record<string, string>> {
  const url = new URL(path, baseUrl)
  const { id: accessKeyId, secret: secretAccessKey, token } = key
  const credentials = { accessKeyId, secretAccessKey, ...(token !== undefined && { sessionToken: token }) }
  const signer = new SignatureV4({ service, region: 'us-east-1', credentials, sha256: Sha256 })
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    body,
  }
  return (await signer.sign(request, { signingDate: signedAt })).headers
}
