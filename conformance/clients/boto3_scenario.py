"""Walks through Kinesis with boto3, as a user's program would; prints one line of JSON with what it saw."""

import json
import time
import uuid

import boto3

kinesis = boto3.client("kinesis")
name = "boto3-" + uuid.uuid4().hex


def active():
    while True:
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        if summary["StreamStatus"] == "ACTIVE":
            return summary["StreamARN"]
        time.sleep(0.01)


seen = {}
kinesis.create_stream(StreamName=name, ShardCount=1)
arn = active()

put = kinesis.put_record(StreamName=name, Data=b"\x00\xffone", PartitionKey="key")
seen["put"] = put["ShardId"]
many = kinesis.put_records(
    StreamARN=arn,
    Records=[{"Data": str(i).encode(), "PartitionKey": str(i)} for i in range(10)],
)
seen["failed"] = many["FailedRecordCount"]

iterator = kinesis.get_shard_iterator(
    StreamName=name, ShardId=put["ShardId"], ShardIteratorType="TRIM_HORIZON"
)["ShardIterator"]
records = kinesis.get_records(ShardIterator=iterator)["Records"]
seen["records"] = len(records)
seen["binary"] = records[0]["Data"] == b"\x00\xffone"
seen["arrivalIsRecent"] = abs(records[0]["ApproximateArrivalTimestamp"].timestamp() - time.time()) < 600

consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
while True:
    description = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    if description["ConsumerStatus"] == "ACTIVE":
        break
    time.sleep(0.01)
events = kinesis.subscribe_to_shard(
    ConsumerARN=consumer, ShardId=put["ShardId"], StartingPosition={"Type": "TRIM_HORIZON"}
)["EventStream"]
seen["pushed"] = 0
for event in events:
    seen["pushed"] += len(event["SubscribeToShardEvent"]["Records"])
    if seen["pushed"] >= 11:
        break
events.close()

kinesis.split_shard(StreamName=name, ShardToSplit=put["ShardId"], NewStartingHashKey=str(2**127))
active()
seen["shards"] = [shard["ShardId"][-1] for shard in kinesis.list_shards(StreamName=name)["Shards"]]
end = kinesis.get_records(
    ShardIterator=kinesis.get_shard_iterator(
        StreamName=name, ShardId=put["ShardId"], ShardIteratorType="LATEST"
    )["ShardIterator"]
)
seen["endOfParent"] = "NextShardIterator" not in end
seen["children"] = len(end["ChildShards"])

seen["listed"] = any(name in page["StreamNames"] for page in kinesis.get_paginator("list_streams").paginate())
try:
    kinesis.describe_stream(StreamName="not-there")
except kinesis.exceptions.ResourceNotFoundException as error:
    seen["notFound"] = error.response["Error"]["Message"]

kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
print(json.dumps(seen))
