import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/**
 * AWS's SDK as both ends of the pipeline use it, by its own options: in CBOR, because its JSON encodes each byte of base64 in
 * JavaScript, and checks each by a regular expression; over HTTP/1.1, because Node's HTTP/2 cuts a megabyte into frames.
 */
export const pipelineClient = (port: number): KinesisClient =>
  new KinesisClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    maxAttempts: 1,
    protocol: AwsSmithyRpcV2CborProtocol,
    requestHandler: new NodeHttpHandler(),
  })

/** For the consumer's leases. */
export const pipelineDynamoDB = (port: number): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
