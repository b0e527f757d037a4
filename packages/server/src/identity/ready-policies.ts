import { arn, type Place } from '../core/arn.ts'
import type { NamedPolicy } from './identity-document.ts'

/* Policies that most need, so that nobody starts from `*`. */

/** All that the account has: for whoever sets things up. */
export const administrator = (): NamedPolicy => ({
  name: 'administrator',
  document: { Version: '2012-10-17', Statement: [{ Sid: 'All', Effect: 'Allow', Action: '*', Resource: '*' }] },
})

/** To put into a stream as KPL, Millrace's producer, the agent and the SDKs do: they look at its shards, and tell metrics. */
export const producerPolicy = (place: Place, streamName: string): NamedPolicy => ({
  name: policyName('producer-of', streamName),
  document: {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Put',
        Effect: 'Allow',
        Action: [
          'kinesis:PutRecord',
          'kinesis:PutRecords',
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:ListShards',
        ],
        Resource: inAllRegions(place, 'kinesis', `stream/${streamName}`),
      },
      metrics,
    ],
  },
})

/**
 * To read a stream as KCL 1 to 3, Millrace's consumer and the SDKs do: polled or pushed, with leases and what belongs to
 * them in DynamoDB tables that bear the application's name.
 * https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html
 */
export const consumerPolicy = (place: Place, streamName: string, application: string): NamedPolicy => ({
  name: policyName('consumer-of', streamName),
  document: {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: [
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:ListShards',
          'kinesis:GetShardIterator',
          'kinesis:GetRecords',
          'kinesis:RegisterStreamConsumer',
          'kinesis:ListStreamConsumers',
        ],
        Resource: inAllRegions(place, 'kinesis', `stream/${streamName}`),
      },
      {
        Sid: 'Push',
        Effect: 'Allow',
        Action: ['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard', 'kinesis:DeregisterStreamConsumer'],
        Resource: inAllRegions(place, 'kinesis', `stream/${streamName}/consumer/*`),
      },
      {
        Sid: 'Leases',
        Effect: 'Allow',
        Action: [
          'dynamodb:CreateTable',
          'dynamodb:DescribeTable',
          'dynamodb:UpdateTable',
          'dynamodb:DescribeTimeToLive',
          'dynamodb:UpdateTimeToLive',
          'dynamodb:TagResource',
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
          'dynamodb:DeleteItem',
          'dynamodb:ConditionCheckItem',
          'dynamodb:Scan',
          'dynamodb:Query',
        ],
        Resource: ['', '-WorkerMetricStats', '-CoordinatorState']
          .map((table) => inAllRegions(place, 'dynamodb', `table/${application}${table}`))
          .concat(inAllRegions(place, 'dynamodb', `table/${application}/index/*`)),
      },
      metrics,
    ],
  },
})

/** There are no resources of CloudWatch to name; a condition on `cloudwatch:namespace` may narrow it. */
const metrics = { Sid: 'Metrics', Effect: 'Allow', Action: 'cloudwatch:PutMetricData', Resource: '*' }

/** A server has one region; a policy need not be written again for another. */
const inAllRegions = (place: Place, service: string, resource: string) =>
  arn(place, service, resource).replace(`:${place.region}:`, ':*:')

/** `*` may stand in a stream's name here, but not in a policy's. */
const policyName = (what: string, streamName: string) => `${what}-${streamName.replaceAll('*', 'any')}`.slice(0, 128)
