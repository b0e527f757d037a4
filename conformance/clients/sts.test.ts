import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { type IdentityDocument, startMillrace } from 'millrace'
import { sdk } from '../harness/cases.ts'
import { onlyLocal } from '../harness/target.ts'
import { missing, run } from './installed.ts'

/* Roles by the clients of AWS: nothing but the endpoint and the keys is told them. */

const account = '000000000000'
const key = { id: 'AKIAOFTHESTSTESTS123', secret: 'a secret of the tests of STS'.replaceAll(' ', '-') }
const user = `arn:aws:iam::${account}:user/ana`
const reader = `arn:aws:iam::${account}:role/reader`
const partner = `arn:aws:iam::${account}:role/partner`
const allow = (Action: string) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })
const trust = (Condition?: unknown) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: user }, Action: ['sts:AssumeRole', 'sts:TagSession'], Condition }],
})

const identity = {
  users: [{ name: 'ana', accessKeys: [key], policies: [allow('sts:GetAccessKeyInfo')] }],
  roles: [
    { name: 'reader', trustPolicy: trust(), policies: [allow('kinesis:List*')] },
    { name: 'partner', trustPolicy: trust({ StringEquals: { 'sts:ExternalId': 'the-deal' } }) },
  ],
} satisfies IdentityDocument

async function serverOf(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const server = await startMillrace({ identity: JSON.parse(JSON.stringify(identity)) })
  t.after(() => server.stop())
  return server.url
}

const keys = { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret }
const sessionArn = (role: string, session = 'job') => `arn:aws:sts::${account}:assumed-role/${role}/${session}`

sdk(
  'boto3 assumes roles, with external ids, session policies and tags, and gets a session token',
  async (t) => {
    const script = join(import.meta.dirname, 'sts_scenario.py')
    const seen = JSON.parse(await run('python3', [script, reader, partner], await serverOf(t), keys))
    assert.deepEqual(seen, {
      me: user,
      role: sessionArn('reader'),
      session: sessionArn('reader'),
      lists: [],
      puts: ['AccessDeniedException', 400],
      withoutExternalId: ['AccessDenied', 403],
      withExternalId: sessionArn('partner'),
      tooLong: ['ValidationError', 400],
      packed: true,
      narrowed: ['AccessDeniedException', 400],
      own: user,
      ownOfOwn: ['AccessDenied', 403],
      keyInfo: account,
    })
  },
  onlyLocal ?? missing('python3 with boto3', 'python3', ['-c', 'import boto3']),
)

sdk(
  'the AWS CLI assumes the role of a profile by itself, and says who it is',
  async (t) => {
    const endpoint = await serverOf(t)
    const config = await configFile(t)
    const home = { HOME: dirname(config) } // it keeps the keys of sessions there, also for another server
    const aws = async (...args: string[]) =>
      JSON.parse(
        await run('aws', [...args, '--output', 'json'], endpoint, { ...keys, ...home, AWS_CONFIG_FILE: config }),
      )
    const [own, byProfile, listed] = await Promise.all([
      aws('sts', 'get-caller-identity'),
      aws('sts', 'get-caller-identity', '--profile', 'reading'),
      aws('kinesis', 'list-streams', '--profile', 'reading'),
    ])
    assert.equal(own.Arn, user)
    assert.equal(byProfile.Arn, sessionArn('reader', 'by-profile'))
    assert.deepEqual(listed.StreamNames, [])
  },
  onlyLocal ?? missing('AWS CLI', 'aws', ['--version']),
)

sdk(
  'the SDK for JavaScript assumes the role of a profile by itself',
  async (t) => {
    const endpoint = await serverOf(t)
    const configFilepath = await configFile(t)
    const filepath = configFilepath.replace('config', 'credentials')
    await writeFile(filepath, `[default]\naws_access_key_id=${key.id}\naws_secret_access_key=${key.secret}\n`)
    const credentials = defaultProvider({
      profile: 'sdk',
      configFilepath,
      filepath,
      clientConfig: { endpoint, region: 'us-east-1' },
    })
    const { accessKeyId, sessionToken } = await credentials()
    assert.match(accessKeyId, /^ASIA/)
    assert.ok(sessionToken)
    const client = new KinesisClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
    assert.deepEqual((await client.send(new ListStreamsCommand({}))).StreamNames, [])
    client.destroy()
  },
  onlyLocal,
)

/** Profiles that say which role to assume: with the keys of the environment, and with those of another profile. */
async function configFile(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-sts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'config')
  const role = `role_arn=${reader}\nrole_session_name=by-profile\n`
  await writeFile(
    path,
    `[profile reading]\n${role}credential_source=Environment\n[profile sdk]\n${role}source_profile=default\n`,
  )
  return path
}
