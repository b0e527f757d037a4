import assert from 'node:assert/strict'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { FirehoseClient, ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose'
import { GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue'
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { startMillrace } from 'millrace'
import { sdk } from '../harness/cases.ts'
import { identityOfTests, testKey } from '../harness/keys.ts'
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
