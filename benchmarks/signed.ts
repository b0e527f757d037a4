import { writeFileSync } from 'node:fs'
import {
  amzDateText,
  canonicalRequest,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
} from '@millrace/formats/sigv4'

/* The same requests, signed by a key that the server knows, with policies that allow what they ask. */

const key = { id: 'MILLRACEBENCHONLY001', secret: 'no+secret/but/one+for/benchmarks' }

/** An identity file with one user: a producer, by the policies that a producer would have. */
export function writeIdentityFile(path: string): void {
  const allow = (Action: string | string[]) => ({
    Effect: 'Allow',
    Action,
    Resource: 'arn:aws:kinesis:*:*:stream/bench*',
  })
  const policy = {
    Version: '2012-10-17',
    Statement: [
      allow(['kinesis:PutRecord', 'kinesis:PutRecords']),
      allow(['kinesis:DescribeStreamSummary', 'kinesis:CreateStream']),
      { Effect: 'Deny', Action: 'kinesis:DeleteStream', Resource: '*' },
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringLike: { 'aws:UserAgent': 'evil*' } } },
    ],
  }
  writeFileSync(path, JSON.stringify({ users: [{ name: 'producer', accessKeys: [key], policies: [policy] }] }), {
    mode: 0o600,
  })
}

/** A request of wire.ts with a signature of its own. */
export function signedBytes(request: Buffer, nowMs: number): Buffer {
  const end = request.indexOf('\r\n\r\n')
  const body = request.subarray(end + 4)
  const [first, ...lines] = request.toString('latin1', 0, end).split('\r\n')
  const amzDate = amzDateText(nowMs)
  const sent = lines
    .map((line) => line.split(': ', 2) as [string, string])
    .filter(([name]) => name !== 'Authorization')
    .map(([name, value]) => [name, name === 'X-Amz-Date' ? amzDate : value] as const)
  const headers = sent
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name !== 'content-length')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const scope = { date: amzDate.slice(0, 8), region: 'us-east-1', service: 'kinesis', terminator: 'aws4_request' }
  const text = Object.values(scope).join('/')
  const canonical = canonicalRequest({ method: 'POST', path: '/', query: '', headers, payloadHash: sha256Hex(body) })
  const signature = signatureOf(signingKey(key.secret, scope), stringToSign(amzDate, text, canonical)).toString('hex')
  const names = headers.map(([name]) => name).join(';')
  const authorization = `Authorization: AWS4-HMAC-SHA256 Credential=${key.id}/${text}, SignedHeaders=${names}, Signature=${signature}`
  const head = [first, ...sent.map(([name, value]) => `${name}: ${value}`), authorization, '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n')), body])
}
