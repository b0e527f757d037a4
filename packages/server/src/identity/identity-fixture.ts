import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LogLevel, ManualClock, systemRandom } from '@millrace/ports'
import { lookEveryMs } from '../core/file-watch.ts'
import type { SecretBox } from '../core/ports/keys.ts'
import { MemoryCatalog } from '../storage/memory/memory-catalog.ts'
import type { IdentityDocument } from './identity-document.ts'
import { IdentityFile } from './identity-file.ts'
import { IdentityStore } from './identity-store.ts'

/* What the tests of this room begin with. */

export const place = { accountId: '123456789012', region: 'eu-west-1' }

export const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
})

export const trust = (Principal: unknown, Condition?: unknown) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal,
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      ...(Condition !== undefined && { Condition }),
    },
  ],
})

export const anaKey = { id: 'AKIAANAANAANAANAANAA', secret: 'ana-secret-ana-secret-ana-secret' }
export const benKey = { id: 'AKIABENBENBENBENBENB', secret: 'ben-secret-ben-secret-ben-secret' }
export const readerArn = `arn:aws:iam::${place.accountId}:role/reader`
export const anaArn = `arn:aws:iam::${place.accountId}:user/ana`

export const document: IdentityDocument = {
  users: [
    { name: 'ana', accessKeys: [anaKey], policies: [allow('*')], tags: { team: 'blue' } },
    { name: 'ben', accessKeys: [benKey], groups: ['writers'] },
  ],
  groups: [{ name: 'writers', policies: [allow('kinesis:Put*')] }],
  roles: [
    {
      name: 'reader',
      trustPolicy: trust({ AWS: anaArn, Service: 'lambda.amazonaws.com' }),
      policies: [allow('kinesis:Get*')],
      maxSessionDuration: 7200,
      tags: { team: 'green' },
    },
  ],
}

export type Logged = { readonly level: LogLevel; readonly message: string; readonly facts: unknown }

/** Seals so that a test can see it. */
const secrets: SecretBox = {
  seal: async (name, secret) => `sealed ${name} ${secret}`,
  open: async (name, sealed) => sealed.replace(`sealed ${name} `, ''),
}

/** A store on a clock that a test moves, and what it logged. */
export async function openStore(
  t: TestContext,
  identity: string | IdentityDocument = document,
  { clock = new ManualClock(), catalog = new MemoryCatalog() } = {},
) {
  const logged: Logged[] = []
  let tell = () => {}
  const logger = {
    log(level: LogLevel, message: string, facts?: unknown) {
      logged.push({ level, message, facts })
      tell()
    },
  }
  /** Lets time pass until the changed file was looked at: each look that finds a change tells of it. */
  const nextLook = async () => {
    const told = new Promise<void>((resolve) => {
      tell = resolve
    })
    await clock.advance(lookEveryMs)
    await told
  }
  const kept = typeof identity === 'string' ? new IdentityFile(identity, systemRandom) : identity
  const store = await IdentityStore.open(kept, { place, clock, catalog, secrets, logger, random: systemRandom })
  t.after(() => store.stop())
  return { store, clock, catalog, logged, nextLook }
}

/** A file with this content, for its owner alone. */
export async function identityFile(t: TestContext, content: unknown = document): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-identity-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'identity.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  await chmod(path, 0o600)
  return path
}
