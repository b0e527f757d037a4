import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LambdaServer } from '../harness/lambda.ts'
import { missing, run } from './installed.ts'

const page = join(import.meta.dirname, '../../docs/lambda.md')

test('the program in docs/lambda.md runs by the AWS CLI', {
  skip: missing('AWS CLI', 'aws', ['--version']),
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-lambda-walk-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const blocks = blocksOf(await readFile(page, 'utf8'))
  for (const name of ['functions.json', 'count.mjs']) await writeFile(join(folder, name), blocks.get(name)!)
  const server = new LambdaServer()
  await server.open({ functions: join(folder, 'functions.json') })
  t.after(() => server.close())
  await run('bash', ['-euc', blocks.get('walk')!], server.url)
  // Version 1 of the CLI takes text for a blob, version 2 base64.
  await server.untilLogged(({ message }) => /^customer-1: (hello|aGVsbG8=)$/.test(message))
  const answer = join(folder, 'answer.json')
  const payload = JSON.stringify({ Records: [] })
  await run(
    'aws',
    ['lambda', 'invoke', '--function-name', 'count', '--payload', await payloadOf(payload), answer],
    server.url,
  )
  assert.equal(await readFile(answer, 'utf8'), 'null')
})

/** Fenced blocks that have a name behind their language. */
function blocksOf(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, block]) => [name!, block!]))
}

/** Version 1 of the CLI takes text for a blob, version 2 base64. */
async function payloadOf(json: string): Promise<string> {
  const version = await run('aws', ['--version'], 'http://127.0.0.1:9')
  return version.startsWith('aws-cli/1') ? json : Buffer.from(json).toString('base64')
}
