import assert from 'node:assert/strict'
import http from 'node:http'
import type { TestContext } from 'node:test'
import { systemClock } from '@millrace/ports'
import { signed } from '../../gateway/signature/signature-fixture.ts'
import type { IdentityDocument } from '../../identity/identity-document.ts'
import { allow, anaKey, benKey, trust } from '../../identity/identity-fixture.ts'
import { startMillrace } from '../../main.ts'
import type { MillraceOptions } from '../../millrace-options.ts'

/* A server, and requests to it that are really signed, as an SDK would. */

export type Key = { readonly id: string; readonly secret: string; readonly token?: string | undefined }

export type Answer = {
  readonly status: number
  readonly text: string
  /** What stands in the first element of that name; undefined without one. */
  readonly element: (name: string) => string | undefined
}

export const account = '000000000000'
export const arnOf = (what: string) => `arn:aws:iam::${account}:${what}`
export const roleArn = arnOf('role/reader')

export const identity: IdentityDocument = {
  users: [
    { name: 'ana', accessKeys: [anaKey], policies: [allow('sts:AssumeRole')] },
    { name: 'ben', accessKeys: [benKey] },
  ],
  roles: [
    { name: 'reader', trustPolicy: trust({ AWS: arnOf('user/ana') }), policies: [allow('kinesis:List*')] },
    { name: 'of-the-account', trustPolicy: trust({ AWS: account }) },
    {
      name: 'partner',
      trustPolicy: trust({ AWS: arnOf('user/ben') }, { StringEquals: { 'sts:ExternalId': 'the-deal' } }),
    },
  ],
}

export const assume = (more: Readonly<Record<string, string>> = {}) => ({
  Action: 'AssumeRole',
  RoleArn: roleArn,
  RoleSessionName: 'job',
  ...more,
})
export const isError = (answer: Answer, status: number, code: string, sentence?: RegExp) => {
  assert.equal(answer.status, status, answer.text)
  assert.match(
    answer.text,
    /^<ErrorResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><Error><Type>Sender</,
  )
  assert.equal(answer.element('Code'), code)
  if (sentence) assert.match(answer.element('Message') ?? '', sentence)
}

export async function openServer(t: TestContext, identity?: IdentityDocument | string, more: MillraceOptions = {}) {
  const server = await startMillrace({ ...more, ...(identity !== undefined && { identity }) })
  t.after(() => server.stop())
  return server
}

/** A call of STS in its Query protocol. */
export const sts = (url: string, key: Key, form: Readonly<Record<string, string>>, atMs = systemClock.nowMs()) =>
  send(
    url,
    key,
    'sts',
    'application/x-www-form-urlencoded',
    new URLSearchParams({ Version: '2011-06-15', ...form }).toString(),
    {},
    atMs,
  )

/** A call of Data Streams. */
export const kinesis = (url: string, key: Key, operation: string, input: object, atMs = systemClock.nowMs()) =>
  send(
    url,
    key,
    'kinesis',
    'application/x-amz-json-1.1',
    JSON.stringify(input),
    { 'X-Amz-Target': `Kinesis_20131202.${operation}` },
    atMs,
  )

export const keysIn = ({ element }: Answer): Key => ({
  id: element('AccessKeyId')!,
  secret: element('SecretAccessKey')!,
  token: element('SessionToken'),
})

function send(
  url: string,
  { id, secret, token }: Key,
  service: string,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>>,
  atMs: number,
): Promise<Answer> {
  const all = { Host: new URL(url).host, 'Content-Type': contentType, ...headers }
  const request = { method: 'POST', url: '/', rawHeaders: Object.entries(all).flat(), body: Buffer.from(text) }
  // biome-ignore lint/suspicious/noExplicitAny: of a key only id and secret sign
  const key = { accessKeyId: id, secret } as any
  const { rawHeaders, body } = signed(request, {
    key,
    atMs,
    service,
    ...(token !== undefined && { securityToken: token }),
  })
  return new Promise((resolve, reject) => {
    const outgoing = http.request(url, { method: 'POST', headers: rawHeaders, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(answerOf(response.statusCode!, Buffer.concat(chunks).toString())))
    })
    outgoing.end(body)
  })
}

const answerOf = (status: number, text: string): Answer => ({
  status,
  text,
  element: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1],
})
