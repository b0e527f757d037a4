import assert from 'node:assert/strict'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { FirehoseClient, ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose'
import { GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue'
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { SignatureV4 } from '@smithy/signature-v4'
import { startMillrace } from 'millrace'
import { sdk } from '../harness/cases.ts'
import { identityOfTests, testKey } from '../harness/keys.ts'
import { Sha256 } from '../harness/signature.ts'
import { onlyLocal } from '../harness/target.ts'

/* What each client makes of a server that verifies who signs: the name of the exception, its status and its words. */

type Own = { endpoint: string; region: string; credentials: Key; maxAttempts: number }
type Key = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

const calls: Readonly<Record<string, (own: Own) => Promise<unknown>>> = {
  'Kinesis by HTTP/2': (own) => new KinesisClient(own).send(new ListStreamsCommand({})),
  'Kinesis by HTTP/1.1': (own) =>
    new KinesisClient({ ...own, requestHandler: new NodeHttpHandler() }).send(new ListStreamsCommand({})),
  Firehose: (own) => new FirehoseClient(own).send(new ListDeliveryStreamsCommand({})),
  DynamoDB: (own) => new DynamoDBClient(own).send(new ListTablesCommand({})),
  Glue: (own) => new GlueClient(own).send(new GetDatabasesCommand({})),
  Lambda: (own) =>
    new LambdaClient(own).send(new ListEventSourceMappingsCommand({ FunctionName: 'a:$LATEST', MaxItems: 3 })),
  'CloudWatch by Query': (own) => metrics(own, AwsQueryProtocol),
  'CloudWatch by JSON': (own) => metrics(own, AwsJson1_0Protocol),
  'CloudWatch by CBOR': (own) => metrics(own, AwsSmithyRpcV2CborProtocol),
}

const metrics = (own: Own, protocol: unknown) =>
  new CloudWatchClient({ ...own, protocol: protocol as never }).send(new ListMetricsCommand({}))

const invalid = 'The security token included in the request is invalid.'
const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.'

for (const [name, call] of Object.entries(calls))
  sdk(
    `${name}: who signs by a known key is answered, and nobody else`,
    async (t) => {
      const server = await startMillrace({ identity: identityOfTests, limits: 'off', region: 'eu-west-1' })
      t.after(() => server.stop())
      const by = (key: Partial<Key>, region = 'eu-west-1') =>
        call({ endpoint: server.url, region, credentials: { ...testKey, ...key }, maxAttempts: 1 })
      const refused = (key: Partial<Key>, code: string, words: string, region?: string) =>
        assert.rejects(by(key, region), (error: Error & { $metadata: { httpStatusCode: number } }) => {
          const isQuery = name.startsWith('CloudWatch') // over newer protocols, a header tells the name there
          assert.equal(error.name, isQuery ? queryNames[code] : code)
          assert.equal(error.message, words)
          assert.equal(error.$metadata.httpStatusCode, /CloudWatch|Lambda/.test(name) ? 403 : 400)
          return true
        })
      await by({})
      await refused({ secretAccessKey: 'another+secret/than/this' }, 'InvalidSignatureException', mismatch)
      await refused({ accessKeyId: 'MILLRACENOBODYS00001' }, 'UnrecognizedClientException', invalid)
      await refused({ sessionToken: 'of no session' }, 'UnrecognizedClientException', invalid)
      const elsewhere = "Credential should be scoped to a valid region, not 'us-east-1'. "
      await refused({}, 'InvalidSignatureException', elsewhere, 'us-east-1')
    },
    onlyLocal,
  )

const queryNames: Readonly<Record<string, string>> = {
  InvalidSignatureException: 'SignatureDoesNotMatch',
  UnrecognizedClientException: 'InvalidClientTokenId',
}

sdk(
  'presigned URLs are answered: GetCallerIdentity with a signed header, as clusters of EKS ask it, and a POST to Kinesis',
  async (t) => {
    const server = await startMillrace({ identity: identityOfTests, limits: 'off' })
    t.after(() => server.stop())
    const presigned = async (service: string, request: Presigned, expiresIn = 60) => {
      const signer = new SignatureV4({ service, region: 'us-east-1', credentials: testKey, sha256: Sha256 })
      const { hostname, port, host } = new URL(server.url)
      const headers = { host, ...request.headers }
      const { query } = await signer.presign(
        { ...request, headers, protocol: 'http:', hostname, port: Number(port), path: '/' },
        { expiresIn, unhoistableHeaders: new Set(Object.keys(headers)) },
      )
      return `${server.url}/?${new URLSearchParams(query as Record<string, string>)}`
    }
    const whoAmI = {
      method: 'GET',
      headers: { 'x-k8s-aws-id': 'cluster' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    }
    const url = await presigned('sts', whoAmI)
    const answer = await fetch(url, { headers: whoAmI.headers })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    assert.match(text, /<Arn>arn:aws:iam::000000000000:user\/tests<\/Arn>/)
    for (const [headers, changed] of [
      [{ 'x-k8s-aws-id': 'other' }, url],
      [{}, url],
      [whoAmI.headers, url.replace('GetCallerIdentity', 'GetSessionToken')],
    ] as const) {
      const refused = await fetch(changed, { headers: headers as Record<string, string> })
      assert.equal(refused.status, 403)
      assert.match(await refused.text(), /<Type>Sender<\/Type><Code>SignatureDoesNotMatch<\/Code>/)
    }

    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Kinesis_20131202.ListStreams' }
    const list = { method: 'POST', headers, body: '{}', query: {} }
    const listed = await fetch(await presigned('kinesis', list), { method: 'POST', headers, body: '{}' })
    assert.deepEqual(
      [listed.status, await listed.json()],
      [200, { StreamNames: [], StreamSummaries: [], HasMoreStreams: false }],
    )
    const other = await fetch(await presigned('kinesis', list), { method: 'POST', headers, body: '{"Limit":1}' })
    assert.equal(((await other.json()) as { __type: string }).__type, 'InvalidSignatureException')
  },
  onlyLocal,
)

type Presigned = { method: string; headers: Record<string, string>; query: Record<string, string>; body?: string }
