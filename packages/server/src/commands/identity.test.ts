import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { identitiesOf } from '../identity/identities.ts'
import type { IdentityDocument } from '../identity/identity-document.ts'
import { identityCommand } from './identity.ts'

const account = '123456789012'

/** A folder with a file of one's own, and the command on it. */
async function commandLine(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-identity-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'identity.json')
  const env = { MILLRACE_IDENTITY: file, MILLRACE_ACCOUNT: account }
  const run = async (...args: string[]) => {
    const [out, err]: string[][] = [[], []]
    const code = await identityCommand(
      args,
      { write: (text) => out!.push(text) },
      { write: (text) => err!.push(text) },
      { env },
    )
    return { code, out: out!.join(''), err: err!.join('') }
  }
  const done = async (...args: string[]) => {
    const { code, out, err } = await run(...args)
    assert.deepEqual([code, err], [0, ''])
    return out
  }
  const read = async () => JSON.parse(await readFile(file, 'utf8')) as IdentityDocument
  const write = async (name: string, content: unknown) => {
    const path = join(folder, name)
    await writeFile(path, JSON.stringify(content))
    return path
  }
  return { folder, file, run, done, read, write }
}

const secretIn = (out: string) => /AWS_SECRET_ACCESS_KEY=(\S+)/.exec(out)?.[1]

test('init makes a file for its owner alone, with an administrator whose secret it prints once', async (t) => {
  const { file, done, run, read } = await commandLine(t)
  const out = await done('init')
  const { users } = await read()
  assert.equal(users?.[0]?.accessKeys?.[0]?.secret, secretIn(out))
  assert.match(out, new RegExp(`millrace --identity ${file}`))
  if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.ok(!(await done('list')).includes(secretIn(out)!))
  assert.ok(!(await done('list', '--json')).includes(secretIn(out)!))
  const again = await run('init')
  assert.equal(again.code, 2)
  assert.match(again.err, /^millrace identity: .* exists already\n$/)
})

test('a producer may put into its stream and nothing else; a consumer may read its own, with its tables', async (t) => {
  const { done, run } = await commandLine(t)
  await done('init')
  await done('add-user', 'web', '--producer', 'clicks')
  await done('add-user', 'billing', '--consumer', 'clicks', '--application', 'bills')
  const stream = `arn:aws:kinesis:eu-west-1:${account}:stream`
  const table = `arn:aws:dynamodb:eu-west-1:${account}:table`
  const may = async (who: string, action: string, resource: string) =>
    (await run('explain', who, action, resource)).code === 0
  const asked: [who: string, action: string, resource: string, allowed: boolean][] = [
    ['web', 'kinesis:PutRecords', `${stream}/clicks`, true],
    ['web', 'kinesis:ListShards', `${stream}/clicks`, true],
    ['web', 'cloudwatch:PutMetricData', '*', true],
    ['web', 'kinesis:PutRecords', `${stream}/orders`, false],
    ['web', 'kinesis:GetRecords', `${stream}/clicks`, false],
    ['web', 'kinesis:DeleteStream', `${stream}/clicks`, false],
    ['billing', 'kinesis:GetRecords', `${stream}/clicks`, true],
    ['billing', 'kinesis:SubscribeToShard', `${stream}/clicks/consumer/bills:1700000000`, true],
    ['billing', 'dynamodb:UpdateItem', `${table}/bills`, true],
    ['billing', 'dynamodb:Query', `${table}/bills/index/LeaseOwnerToLeaseKeyIndex`, true],
    ['billing', 'dynamodb:PutItem', `${table}/bills-WorkerMetricStats`, true],
    ['billing', 'kinesis:PutRecord', `${stream}/clicks`, false],
    ['billing', 'dynamodb:UpdateItem', `${table}/other`, false],
    ['billing', 'dynamodb:DeleteTable', `${table}/bills`, false],
  ]
  for (const [who, action, resource, allowed] of asked)
    assert.equal(await may(who, action, resource), allowed, `${who} ${action} ${resource}`)
})

test('explain says which statement decided, with the refusal as a client would get it', async (t) => {
  const { done, run, write } = await commandLine(t)
  await done('init')
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Office',
        Effect: 'Allow',
        Action: 'kinesis:*',
        Resource: '*',
        Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      },
      { Sid: 'Never', Effect: 'Deny', Action: 'kinesis:Delete*', Resource: '*' },
    ],
  }
  await done('add-user', 'ana', '--policy', await write('p.json', policy), '--name', 'office')
  const stream = `arn:aws:kinesis:us-east-1:${account}:stream/s`
  assert.match(
    await done('explain', 'ana', 'kinesis:PutRecord', stream, '--context', 'aws:SourceIp=10.1.2.3'),
    /^Allowed\n {2}by statement Office of the identity-based policy office\n/,
  )
  const elsewhere = await run('explain', 'ana', 'kinesis:PutRecord', stream, '--context', 'aws:SourceIp=11.1.2.3')
  assert.equal(elsewhere.code, 1)
  assert.match(
    elsewhere.out,
    /^Denied: User: arn:aws:iam::123456789012:user\/ana is not authorized to perform: kinesis:PutRecord on resource: .* because no identity-based policy allows the kinesis:PutRecord action\n/,
  )
  assert.match(
    elsewhere.out,
    /statement Office .*: does not concern it: IpAddress wants aws:SourceIp 10\.0\.0\.0\/8; the request has 11\.1\.2\.3/,
  )
  const never = await run('explain', 'ana', 'kinesis:DeleteStream', stream, '--context', 'aws:SourceIp=10.1.2.3')
  assert.match(
    never.out,
    /with an explicit deny in an identity-based policy\n {2}by statement Never of the identity-based policy office/,
  )
})

test('a role is assumed by whom --trust names, and explain knows its trust policy', async (t) => {
  const { done, run, read } = await commandLine(t)
  await done('init')
  await done('add-user', 'ci', '--no-key')
  const out = await done(
    'add-role',
    'deploy',
    '--trust',
    'ci',
    '--trust',
    'lambda.amazonaws.com',
    '--max-session',
    '7200',
  )
  const arn = `arn:aws:iam::${account}:role/deploy`
  assert.match(out, new RegExp(`aws sts assume-role --role-arn ${arn}`))
  const { roles } = await read()
  assert.deepEqual((roles![0]!.trustPolicy.Statement as { Principal: unknown }[])[0]!.Principal, {
    AWS: [`arn:aws:iam::${account}:user/ci`],
    Service: ['lambda.amazonaws.com'],
  })
  assert.equal((await run('explain', 'ci', 'sts:AssumeRole', arn)).code, 0)
  assert.equal((await run('explain', 'admin', 'sts:AssumeRole', arn)).code, 1, 'everything is not trust')
  assert.equal((await run('explain', 'role/deploy', 'kinesis:ListStreams', '*')).code, 1)
})

test('keys come and go, policies too, and what was written by hand stays', async (t) => {
  const { done, run, read, file, write } = await commandLine(t)
  await done('init')
  const byHand = await read()
  await writeFile(file, JSON.stringify({ ...byHand, groups: [{ name: 'g' }] }), { mode: 0o600 })
  await done('add-user', 'web')
  const out = await done('add-key', 'web')
  const id = /AWS_ACCESS_KEY_ID=(\S+)/.exec(out)![1]!
  const keysOf = async () => (await read()).users!.find(({ name }) => name === 'web')!.accessKeys!.map((key) => key.id)
  assert.equal((await keysOf()).length, 2)
  await done('remove-key', id)
  assert.ok(!(await keysOf()).includes(id))
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kinesis:List*', Resource: '*' }] }
  await done('attach-policy', 'web', await write('p.json', document), '--name', 'lists')
  assert.equal((await run('attach-policy', 'web', await write('p.json', document), '--name', 'lists')).code, 2, 'twice')
  await done('attach-policy', 'web', '--producer', 'clicks')
  assert.match(await done('list'), /policy {2}lists\n {4}policy {2}producer-of-clicks/)
  await done('detach-policy', 'web', 'lists')
  assert.ok(!(await done('list')).includes('lists'))
  await done('remove-user', 'web')
  assert.deepEqual((await read()).groups, [{ name: 'g' }])
  identitiesOf(await read(), { accountId: account, region: 'us-east-1' })
})

test('what would make a file that no server takes is refused, and changes nothing', async (t) => {
  const { done, run, folder, file, write } = await commandLine(t)
  await done('init')
  const before = await readFile(file, 'utf8')
  const bad = await write('bad.json', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'PutRecord', Resource: '*' }],
  })
  const twice = join(folder, 'twice.json')
  await writeFile(twice, '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}')
  const wrong: [args: string[], sentence: RegExp][] = [
    [['attach-policy', 'admin', twice], /twice\.json: "Effect" occurs twice in one object/],
    [['attach-policy', 'admin', bad], /^millrace identity: users\[0\]\.policies\[1\]\.Statement\[0\].*vendor/],
    [['add-user', 'a b'], /users\[1\]\.name must be/],
    [['add-user', 'admin'], /there is a user admin already/],
    [['add-key', 'admn'], /there is no user admn; there are admin/],
    [['remove-key', 'AKIAX'], /there is no access key AKIAX/],
    [['add-role', 'r'], /say who may assume it: --trust/],
    [['add-role', 'r', '--trust', 'nobody'], /there is no user and no role nobody/],
    [['add-role', 'r', '--trust', 'admin', '--max-session', '5'], /maxSessionDuration must be/],
    [['attach-policy', 'admin'], /say which: FILE, --producer STREAM/],
    [['attach-policy', 'admin', '/nowhere'], /ENOENT/],
    [['add-user', 'x', '--producer', 'a/b'], /"a\/b" is not a stream name/],
    [['explain', 'admin', 'PutRecord', '*'], /an action is a service and an operation/],
    [['explain', 'admin', 'kinesis:PutRecord', 'stream/x'], /a resource is an ARN or \*/],
    [['add-user'], /^millrace identity: usage: millrace identity add-user NAME$/m],
    [['frobnicate'], /there is no command "frobnicate"; there are init, add-user/],
    [['list', '--nonsense'], /--nonsense/],
    [['list', '--account', '12'], /--account must be twelve digits/],
  ]
  for (const [args, sentence] of wrong) {
    const { code, err, out } = await run(...args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(err, sentence)
    assert.equal(err.trimEnd().split('\n').length, 1)
  }
  assert.equal(await readFile(file, 'utf8'), before)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('.')),
    [],
    'no draft is left',
  )
})

test('check tells of a broken file with exit code 1', async (t) => {
  const { done, run, file } = await commandLine(t)
  await done('init')
  assert.match(await done('check'), /is sound: users 1, roles 0/)
  await writeFile(file, '{"users":[{"name":"a","acessKeys":[]}]}')
  const { code, out } = await run('check')
  assert.equal(code, 1)
  assert.match(out, /users\[0\]\.acessKeys is not known: there are name, /)
})

test('help names every command', async (t) => {
  const { done, run } = await commandLine(t)
  const help = await done('--help')
  const listed = /there are (.*)\. See/.exec((await run('x')).err)![1]!.split(', ')
  for (const name of listed) assert.ok(help.includes(name), name)
  assert.equal((await run()).code, 2)
})
