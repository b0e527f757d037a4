import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  DescribeDeliveryStreamOutput$,
  FirehoseClient,
} from '@aws-sdk/client-firehose'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream } from './harness/firehose.ts'
import { differencesFromSchema } from './harness/sdk-schema.ts'

/* What DescribeDeliveryStream tells of each destination, with all that may be said of it, beside AWS's model. */

const data = mkdtempSync(join(tmpdir(), 'millrace-descriptions-'))
let millrace: Millrace
let firehose: FirehoseClient

before(async () => {
  millrace = await startMillrace({ data, durability: 'os', limits: 'off', transitionMs: 5 })
  firehose = new FirehoseClient({ ...connectionTo(millrace) })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  rmSync(data, { recursive: true, force: true })
})

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'
const CloudWatchLoggingOptions = { Enabled: true, LogGroupName: 'group', LogStreamName: 'stream' }
const BufferingHints = { SizeInMBs: 2, IntervalInSeconds: 30 }
const RetryOptions = { DurationInSeconds: 7 }
const ProcessingConfiguration = {
  Enabled: true,
  Processors: [
    {
      Type: 'Lambda' as const,
      Parameters: [
        { ParameterName: 'LambdaArn' as const, ParameterValue: 'arn:aws:lambda:us-east-1:000000000000:function:one' },
      ],
    },
  ],
}
const S3Configuration = {
  ...{ RoleARN, BucketARN: 'arn:aws:s3:::bucket', Prefix: 'p/', ErrorOutputPrefix: 'e/', BufferingHints },
  EncryptionConfiguration: { KMSEncryptionConfig: { AWSKMSKeyARN: 'arn:aws:kms:us-east-1:000000000000:key/one' } },
  CloudWatchLoggingOptions,
}
const common = { RoleARN, ProcessingConfiguration, CloudWatchLoggingOptions, RetryOptions }
const search = {
  ...{ ...common, IndexName: 'index', BufferingHints, S3BackupMode: 'AllDocuments' as const, S3Configuration },
  VpcConfiguration: { SubnetIds: ['subnet-1'], RoleARN, SecurityGroupIds: ['sg-1'] },
}
const cluster = {
  ...{ ...search, ClusterEndpoint: 'https://search.example.com', IndexRotationPeriod: 'OneWeek' as const },
  DocumentIdOptions: { DefaultDocumentIdFormat: 'NO_DOCUMENT_ID' as const },
}
const SecretsManagerConfiguration = { Enabled: false }

const destinations: Readonly<Record<string, Omit<CreateDeliveryStreamCommandInput, 'DeliveryStreamName'>>> = {
  s3: { S3DestinationConfiguration: S3Configuration },
  'extended-s3': {
    ExtendedS3DestinationConfiguration: {
      ...{ ...S3Configuration, ProcessingConfiguration, FileExtension: '.log', CustomTimeZone: 'Europe/Berlin' },
      ...{ S3BackupMode: 'Enabled', S3BackupConfiguration: S3Configuration },
    },
  },
  redshift: {
    RedshiftDestinationConfiguration: {
      ...{ ...common, Username: 'ana', Password: 'secret', SecretsManagerConfiguration },
      ClusterJDBCURL: 'jdbc:redshift://one.two.us-east-1.redshift.amazonaws.com:5439/dev',
      CopyCommand: { DataTableName: 'orders', DataTableColumns: 'a,b', CopyOptions: "JSON 'auto'" },
      ...{ S3Configuration: { ...S3Configuration, ErrorOutputPrefix: undefined } },
      ...{ S3BackupMode: 'Enabled', S3BackupConfiguration: S3Configuration },
    },
  },
  elasticsearch: { ElasticsearchDestinationConfiguration: cluster },
  opensearch: { AmazonopensearchserviceDestinationConfiguration: cluster },
  serverless: {
    AmazonOpenSearchServerlessDestinationConfiguration: {
      ...{ ...search, CollectionEndpoint: 'https://search.example.com' },
    },
  },
  splunk: {
    SplunkDestinationConfiguration: {
      ...{ HECEndpoint: 'https://splunk.example.com:8088', HECEndpointType: 'Event', HECToken: 'token' },
      ...{ HECAcknowledgmentTimeoutInSeconds: 200, S3BackupMode: 'AllEvents', S3Configuration, BufferingHints },
      ...{ ProcessingConfiguration, CloudWatchLoggingOptions, RetryOptions, SecretsManagerConfiguration },
    },
  },
  'http-endpoint': {
    HttpEndpointDestinationConfiguration: {
      ...{ ...common, BufferingHints, S3BackupMode: 'AllData', S3Configuration, SecretsManagerConfiguration },
      EndpointConfiguration: { Url: 'https://endpoint.example.com/', Name: 'one', AccessKey: 'secret' },
      RequestConfiguration: {
        ...{ ContentEncoding: 'GZIP', CommonAttributes: [{ AttributeName: 'a', AttributeValue: 'b' }] },
      },
    },
  },
}

for (const [DeliveryStreamName, destination] of Object.entries(destinations))
  test(`what is told of ${DeliveryStreamName} has the members of AWS's model, and no other`, async () => {
    await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName, ...destination }))
    const described = await answerTo('DescribeDeliveryStream', { DeliveryStreamName })
    assert.deepEqual(differencesFromSchema(described, DescribeDeliveryStreamOutput$), [])
    assert.doesNotMatch(JSON.stringify(described), /secret/)
  })

test('the network of a search destination is described, by an id that says nothing', async () => {
  const { Destinations } = await describeDeliveryStream(firehose, 'opensearch')
  assert.deepEqual(Destinations?.[0]?.AmazonopensearchserviceDestinationDescription?.VpcConfigurationDescription, {
    ...search.VpcConfiguration,
    VpcId: 'vpc-00000000',
  })
})

/** The answer as it came: the SDK leaves out what its model does not know. */
async function answerTo(operation: string, input: object): Promise<unknown> {
  const response = await fetch(millrace.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Firehose_20150804.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/firehose/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
      'x-amz-date': '20260101T000000Z',
    },
    body: JSON.stringify(input),
  })
  assert.equal(response.status, 200)
  return response.json()
}
