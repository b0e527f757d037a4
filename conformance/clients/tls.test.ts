import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { startMillrace } from 'millrace'
import { sdk } from '../harness/cases.ts'
import { authenticationOptions, testKey } from '../harness/keys.ts'
import { onlyLocal } from '../harness/target.ts'
import { missing, run } from './installed.ts'

/* Clients of AWS over HTTPS: they trust the file that the server made, and nothing else is changed. */

async function tlsTarget(t: { after(fn: () => Promise<void>): void }) {
  const data = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  const server = await startMillrace({ data, tls: true, transitionMs: 0, ...authenticationOptions })
  t.after(async () => {
    await server.stop()
    await rm(data, { recursive: true })
  })
  return { endpoint: server.tlsUrl!, ca: server.authority!.pem, bundle: { AWS_CA_BUNDLE: server.authority!.path! } }
}

const boto3 = missing('python3 with boto3', 'python3', ['-c', 'import boto3'])
const cli = missing('AWS CLI', 'aws', ['--version'])

sdk(
  '@aws-sdk/client-kinesis calls over HTTPS by HTTP/1.1',
  async (t) => {
    const { endpoint, ca } = await tlsTarget(t)
    const { Agent } = process.getBuiltinModule('node:https')
    const requestHandler = new NodeHttpHandler({ httpsAgent: new Agent({ ca }) })
    const credentials = testKey
    const client = new KinesisClient({ endpoint, region: 'us-east-1', credentials, requestHandler, maxAttempts: 1 })
    assert.deepEqual((await client.send(new ListStreamsCommand({}))).StreamNames, [])
    client.destroy()
  },
  onlyLocal,
)

sdk(
  'a program with the SDK as it is calls by HTTP/2 over ALPN with NODE_EXTRA_CA_CERTS, and refuses without it',
  async (t) => {
    const { endpoint, bundle } = await tlsTarget(t)
    const program = join(import.meta.dirname, 'sdk-program.ts')
    const trust = { NODE_EXTRA_CA_CERTS: bundle.AWS_CA_BUNDLE }
    assert.equal(await run(process.execPath, [program], endpoint, trust), '[]\n')
    await assert.rejects(run(process.execPath, [program], endpoint), /SELF_SIGNED_CERT_IN_CHAIN|self-signed/)
  },
  onlyLocal,
)

const boto3Program = `
import boto3, botocore.exceptions, os
others = os.path.join(os.path.dirname(botocore.__file__), "cacert.pem")
print(boto3.client("kinesis").list_streams()["StreamNames"])
try:
    boto3.client("kinesis", verify=others).list_streams()
except botocore.exceptions.SSLError as error:
    print("CERTIFICATE_VERIFY_FAILED" in str(error))
`

sdk(
  'boto3 calls over HTTPS with AWS_CA_BUNDLE, and refuses without it',
  async (t) => {
    const { endpoint, bundle } = await tlsTarget(t)
    assert.equal(await run('python3', ['-c', boto3Program], endpoint, bundle), '[]\nTrue\n')
  },
  onlyLocal ?? boto3,
)

sdk(
  'the AWS CLI lists streams over HTTPS with AWS_CA_BUNDLE',
  async (t) => {
    const { endpoint, bundle } = await tlsTarget(t)
    const said = await run('aws', ['kinesis', 'list-streams', '--output', 'json'], endpoint, bundle)
    assert.deepEqual(JSON.parse(said).StreamNames, [])
  },
  onlyLocal ?? cli,
)
