/*
 * What a policy of a stream or a consumer may speak of: the actions that AWS's service authorization reference has for
 * that type of resource. In lower case, as actions are compared.
 */

export const streamActions: ReadonlySet<string> = actionsOf(`
  AddTagsToStream AssociateStreamsWithChannel CreateChannel CreateStream DecreaseStreamRetentionPeriod DeleteResourcePolicy
  DeleteStream DescribeStream DescribeStreamSummary DisableEnhancedMonitoring EnableEnhancedMonitoring GetRecords
  GetResourcePolicy GetShardIterator IncreaseStreamRetentionPeriod ListShards ListStreamConsumers ListTagsForResource
  ListTagsForStream MergeShards PutRecord PutRecords PutResourcePolicy RegisterStreamConsumer RemoveTagsFromStream SplitShard
  StartStreamEncryption StopStreamEncryption TagResource UntagResource UpdateMaxRecordSize UpdateShardCount UpdateStreamMode
  UpdateStreamRecordDistributionStrategy UpdateStreamWarmThroughput`)

export const consumerActions: ReadonlySet<string> = actionsOf(`
  DeleteResourcePolicy DeregisterStreamConsumer DescribeStreamConsumer GetResourcePolicy ListTagsForResource
  PutResourcePolicy SubscribeToShard TagResource UntagResource`)

function actionsOf(names: string): ReadonlySet<string> {
  return new Set(names.trim().toLowerCase().split(/\s+/))
}
