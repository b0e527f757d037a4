import { createHash, createHmac } from 'node:crypto'
import { authentication, testKey } from './keys.ts'
import type { Target } from './target.ts'

type Unsigned = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A header of the right form, for servers that take any key. */
export const anySignature =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/kinesis/aws4_request, ' +
  'SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'

/** The headers with those that authenticate: really signed where signatures are verified, of the right form elsewhere. */
export async function sign(target: Target, request: Unsigned): Promise<Record<string, string>> {
  if (target.kind !== 'aws' && !authentication)
    return { 'x-amz-date': '20260101T000000Z', authorization: anySignature, ...request.headers }
  const [{ SignatureV4 }, { defaultProvider }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@aws-sdk/credential-provider-node'),
  ])
  const signer = new SignatureV4({
    service: 'kinesis',
    region: target.region,
    credentials: authentication ? testKey : defaultProvider(),
    sha256: Sha256,
  })
  const { url, method, headers, body } = request
  const { protocol, hostname, pathname: path } = url
  const signed = await signer.sign({ method, protocol, hostname, path, headers, body, query: queryOf(url) })
  return signed.headers
}

const queryOf = (url: URL) => Object.fromEntries(url.searchParams)

/** Node's hash in the form that the signer asks for. */
export class Sha256 {
  readonly #hash
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
}
