import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/*
 * For tests: a service that speaks as much of KMS's protocol (JSON 1.1, `X-Amz-Target: TrentService.…`) as data keys need.
 * What it wraps is bound to the encryption context, as KMS's is.
 */

export type KmsStandIn = {
  readonly url: string
  /** Each call, in order: operation and input. */
  readonly calls: { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }[]
  /** What the next calls answer instead: an error by its name, or nothing at all. */
  refuse(
    error: { readonly type: string; readonly message: string; readonly status?: number } | 'silence' | undefined,
  ): void
  close(): Promise<void>
}

const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'

export async function openKmsStandIn(): Promise<KmsStandIn> {
  const master = randomBytes(32)
  const calls: KmsStandIn['calls'] = []
  let refusal: Parameters<KmsStandIn['refuse']>[0]

  const answers: Record<string, (input: Input) => object> = {
    GenerateDataKey({ EncryptionContext }) {
      const plaintext = randomBytes(32)
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(aadOf(EncryptionContext))
      const wrapped = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
      return { KeyId: keyArn, Plaintext: plaintext.toString('base64'), CiphertextBlob: wrapped.toString('base64') }
    },
    Decrypt({ CiphertextBlob, EncryptionContext }) {
      const wrapped = Buffer.from(CiphertextBlob ?? '', 'base64')
      const decipher = createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, 12))
      decipher.setAAD(aadOf(EncryptionContext)).setAuthTag(wrapped.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()])
      return { KeyId: keyArn, Plaintext: plaintext.toString('base64') }
    },
  }

  const server = http.createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '')
    const input = JSON.parse(Buffer.concat(parts).toString())
    calls.push({ operation, input })
    if (refusal === 'silence') return
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    if (refusal) return send(refusal.status ?? 400, { __type: refusal.type, message: refusal.message })
    try {
      send(200, answers[operation]!(input))
    } catch {
      send(400, { __type: 'InvalidCiphertextException' })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    refuse(error) {
      refusal = error
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

type Input = { readonly CiphertextBlob?: string; readonly EncryptionContext?: Readonly<Record<string, string>> }

const aadOf = (context: Input['EncryptionContext'] = {}) =>
  Buffer.from(JSON.stringify(Object.entries(context).toSorted()))
