import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { type Millrace, startMillrace } from 'millrace'
import { accountId, arnOf, authorizedCalls, role } from './harness/authorized-calls.ts'
import { type Answer, httpCall } from './harness/http-call.ts'
import { type Key, signedHeaders } from './harness/request-signer.ts'
import { onlyLocal } from './harness/target.ts'
import {
  type Binding,
  type Wire,
  type WireRequest,
  wiredServices,
  wireError,
  wireRequest,
} from './harness/wire-forms.ts'

/*
 * Every operation of every service, found from the operation tables themselves: none of them answers who may not ask. One
 * that is new fails here until harness/authorized-calls.ts says what it needs.
 */

type Found = { readonly folder: string; readonly name: string; readonly binding: Binding | undefined }

const servicesFolder = join(import.meta.dirname, '../packages/server/src/services')

async function operationsOfAll(): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const folder of readdirSync(servicesFolder)) {
    const index = join(servicesFolder, folder, 'operations/index.ts')
    if (!existsSync(index)) continue
    const operations: Readonly<Record<string, { readonly name: string; readonly http?: Binding }>> = await import(index)
    for (const { name, http } of Object.values(operations)) found.push({ folder, name, binding: http })
  }
  return found
}

const operations = await operationsOfAll()

/** `ACTION RESOURCE` → both, the resource as an ARN. */
function needOf(text: string): { action: string; resource: string } {
  const [action, resource] = text.split(' ') as [string, string]
  if (resource === '*' || resource.startsWith('arn:')) return { action, resource }
  return { action, resource: arnOf(action.split(':', 1)[0]!, resource) }
}

const statement = (Effect: 'Allow' | 'Deny', needs: readonly string[]) =>
  needs.map(needOf).map(({ action, resource }) => ({ Effect, Action: action, Resource: resource }))
const policyOf = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements })
const everything = { Effect: 'Allow', Action: '*', Resource: '*' }

/** One user for each way in which a call can be allowed or not. */
const users: { name: string; accessKeys: Key[]; policies: object[] }[] = []
function userWith(name: string, ...statements: readonly object[]): Key {
  const key = { id: `AKIA${String(users.length).padStart(16, '0')}`, secret: `secret-of-${name}`.padEnd(40, '.') }
  users.push({ name, accessKeys: [key], policies: statements.length === 0 ? [] : [policyOf(...statements)] })
  return key
}
const nobody = userWith('nobody')
const root = userWith('root', everything)

type Case = Found & {
  readonly needs: readonly string[]
  readonly right: Key
  readonly lacking: Key
  readonly denied: Key
}

const cases: Case[] = operations.flatMap((found) => {
  const needs = authorizedCalls[found.folder]?.[found.name]?.needs
  if (!needs) return []
  const named = `${found.folder}-${found.name}`
  return {
    ...found,
    needs,
    right: userWith(`right-${named}`, ...statement('Allow', needs)),
    lacking: userWith(`lacking-${named}`, ...statement('Allow', needs.slice(0, -1))),
    denied: userWith(`denied-${named}`, everything, ...statement('Deny', needs.slice(-1))),
  }
})

const agent = new http.Agent({ keepAlive: true })
let server: Millrace

before(async () => {
  const trustPolicy = policyOf({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: 'sts:AssumeRole',
  })
  const roles = [{ name: 'worker', trustPolicy, policies: [] }]
  server = await startMillrace({ limits: 'off', transitionMs: 5, identity: { users, roles } as never })
})
after(async () => {
  agent.destroy()
  await server.stop()
})

const send = (
  request: WireRequest,
  headers: Readonly<Record<string, string>>,
  path = request.path,
): Promise<Answer> => {
  const target = { url: server.url, kind: 'local', region: 'us-east-1', pollMs: 5, stop: async () => {} } as const
  return httpCall(target, agent, { ...request, path, headers, authorization: 'as given' })
}

const isSaid = (
  wire: Wire,
  answer: Answer,
  { code, message, refused = true }: { code: string; message: string | RegExp; refused?: boolean },
  about: string,
) => {
  const error = wireError(wire, answer)
  assert.equal(error.code, code, `${about}: ${answer.status} ${answer.text}`)
  if (typeof message === 'string') assert.equal(error.message, message, about)
  else assert.match(error.message ?? '', message, about)
  // A service that once spoke only the Query protocol refuses as it did there, in all of its protocols.
  const isForbidden = wire === 'query' || wire === 'rest' || about.startsWith('cloudwatch.')
  assert.equal(answer.status, refused && isForbidden ? 403 : 400, about)
}

const ofAuthorization = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
])

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.'
const expired = /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/

/** All ways in which a request of an operation is refused before it is known who asks. */
async function refusedUnproven(wire: Wire, service: string, request: WireRequest, about: string): Promise<void> {
  const sign = (key: Key, at?: Date) => signedHeaders(server.url, request, service, key, at)
  const good = await sign(root)
  const invalid = (message: string | RegExp) => ({ code: 'InvalidSignatureException', message })
  isSaid(
    wire,
    await send(request, request.headers),
    { code: 'MissingAuthenticationTokenException', message: /^(Missing|Request is missing) Authentication Token$/ },
    `${about} unsigned`,
  )
  const changed = good.authorization!.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  isSaid(wire, await send(request, { ...good, authorization: changed }), invalid(mismatch), `${about} wrongly signed`)
  const wrongSecret = await sign({ ...root, secret: nobody.secret })
  isSaid(wire, await send(request, wrongSecret), invalid(mismatch), `${about} by a wrong secret`)
  isSaid(
    wire,
    await send(request, await sign({ ...root, id: 'AKIANOBODYKNOWSTHIS0' })),
    { code: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' },
    `${about} by an unknown key`,
  )
  const old = await sign(root, new Date(Date.now() - 6 * 60_000))
  isSaid(wire, await send(request, old), invalid(expired), `${about} too late`)
  const both = `${request.path}${request.path.includes('?') ? '&' : '?'}X-Amz-Algorithm=AWS4-HMAC-SHA256`
  isSaid(
    wire,
    await send(request, good, both),
    invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."),
    `${about} with both forms`,
  )
  isSaid(
    wire,
    await send(request, { ...good, 'x-amz-extra': 'unsigned' }),
    invalid("'x-amz-extra' must be a 'SignedHeader' in the AWS Authorization."),
    `${about} with an unsigned header`,
  )
}

const userArn = (name: string) => `arn:aws:iam::${accountId}:user/${name}`
const notAuthorized = (user: string, need: string, why: (action: string) => string) => {
  const { action, resource } = needOf(need)
  const on = resource === '*' ? '' : ` on resource: ${resource}`
  return `User: ${userArn(user)} is not authorized to perform: ${action}${on} ${why(action)}`
}

/** By whom a request is taken, and by whom not. */
async function allowedByPolicy(
  wire: Wire,
  service: string,
  one: Case,
  request: WireRequest,
  about: string,
): Promise<void> {
  const ask = async (key: Key) => send(request, await signedHeaders(server.url, request, service, key))
  const { folder, name, needs } = one
  const taken = wireError(wire, await ask(one.right))
  assert.ok(!ofAuthorization.has(taken.code ?? ''), `${about} with the right policy: ${taken.code} ${taken.message}`)
  const last = needs.at(-1)
  if (last === undefined) {
    const free = wireError(wire, await ask(nobody))
    return assert.ok(!ofAuthorization.has(free.code ?? ''), `${about} needs nothing: ${free.code}`)
  }
  const refusal = (user: string, need: string, why: (action: string) => string) => ({
    code: 'AccessDeniedException',
    message: notAuthorized(user, need, why),
  })
  const noPolicy = (action: string) => `because no identity-based policy allows the ${action} action`
  isSaid(wire, await ask(nobody), refusal('nobody', needs[0]!, noPolicy), `${about} without a policy`)
  isSaid(wire, await ask(one.lacking), refusal(`lacking-${folder}-${name}`, last, noPolicy), `${about} lacking one`)
  const denied = () => 'with an explicit deny in an identity-based policy'
  isSaid(wire, await ask(one.denied), refusal(`denied-${folder}-${name}`, last, denied), `${about} with a Deny`)
}

test('each operation says here what it is asked and what it needs', () => {
  for (const { folder, name } of operations) {
    assert.ok(wiredServices[folder], `services/${folder} is not in harness/wire-forms.ts`)
    assert.ok(authorizedCalls[folder]?.[name], `${folder}.${name} is not in harness/authorized-calls.ts`)
  }
  const known = new Set(operations.map(({ folder, name }) => `${folder}.${name}`))
  for (const [folder, calls] of Object.entries(authorizedCalls))
    for (const name of Object.keys(calls)) assert.ok(known.has(`${folder}.${name}`), `there is no ${folder}.${name}`)
})

for (const [folder, { name: service, wires, ...rest }] of Object.entries(wiredServices))
  for (const [i, wire] of wires.entries())
    test(`${folder} by ${wire}: each operation is refused and allowed as AWS does`, {
      skip: onlyLocal,
    }, async (t: TestContext) => {
      const own = cases.filter((one) => one.folder === folder)
      for (const one of own) {
        const { input } = authorizedCalls[folder]![one.name]!
        const request = wireRequest({ name: service, wires, ...rest }, one.name, wire, input, one.binding)
        await refusedUnproven(wire, service, request, `${folder}.${one.name}`)
        // What is allowed is done, and may be done but once: one protocol is enough to see by whom.
        if (i === 0) await allowedByPolicy(wire, service, one, request, `${folder}.${one.name}`)
      }
      t.diagnostic(`${own.length} operations`)
    })

test('no other method at any path does or tells anything to whoever has not signed', { skip: onlyLocal }, async () => {
  const paths = [
    '/',
    '/?Action=GetCallerIdentity&Version=2011-06-15',
    '/?Action=ListMetrics&Version=2010-08-01',
    '/2015-03-31/functions',
    '/2015-03-31/functions/f/invocations',
    '/2015-03-31/event-source-mappings/',
    '/service/GraniteServiceVersion20100801/operation/ListMetrics',
    '/nowhere',
  ]
  for (const path of paths)
    for (const method of ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'POST']) {
      const answer = await send({ method, path, headers: {}, body: Buffer.alloc(0) }, { origin: 'http://evil.example' })
      assert.ok(answer.status >= 400 || method === 'OPTIONS', `${method} ${path}: ${answer.status} ${answer.text}`)
      assert.notEqual(answer.headers['access-control-allow-origin'], '*', `${method} ${path}`)
    }
})

test('the role of the tests is one that may be assumed', { skip: onlyLocal }, async () => {
  const { wires, ...sts } = wiredServices.sts!
  const { input } = authorizedCalls.sts!.AssumeRole!
  const request = wireRequest({ ...sts, wires }, 'AssumeRole', 'query', input, undefined)
  const answer = await send(request, await signedHeaders(server.url, request, 'sts', root))
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.text, new RegExp(role.replace('role/', 'assumed-role/').replace(':iam:', ':sts:')))
})
