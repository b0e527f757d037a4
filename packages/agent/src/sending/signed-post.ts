import { createHash, createHmac } from 'node:crypto'

export type AwsKeys = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export type SignedPost = {
  readonly url: string
  readonly service: string
  readonly region: string
  readonly keys: AwsKeys
  /** A form. */
  readonly body: string
  readonly nowMs: number
}

const answerWithinMs = 10_000
const contentType = 'application/x-www-form-urlencoded; charset=utf-8'

/** One call of AWS's query protocol, signed with Signature Version 4. */
export async function signedPost(post: SignedPost): Promise<{ status: number; isOk: boolean; text: string }> {
  const url = new URL(post.url)
  const answer = await fetch(url, {
    method: 'POST',
    headers: signedHeaders(post, url),
    body: post.body,
    signal: AbortSignal.timeout(answerWithinMs),
  })
  return { status: answer.status, isOk: answer.ok, text: await answer.text() }
}

/*
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html: the canonical request, the
 * string to sign, and a key that is derived step by step.
 */
function signedHeaders({ service, region, keys, body, nowMs }: SignedPost, url: URL): Record<string, string> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  // In the order of their names, as the signature wants them.
  const headers: Record<string, string> = {
    'content-type': contentType,
    host: url.host,
    'x-amz-date': time,
    ...(keys.sessionToken && { 'x-amz-security-token': keys.sessionToken }),
  }
  const names = Object.keys(headers)
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex')
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
