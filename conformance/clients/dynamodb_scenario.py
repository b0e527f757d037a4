"""Walks through DynamoDB with boto3, as a user's program would; prints one line of JSON with what it saw."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

dynamodb = boto3.resource("dynamodb")
client = boto3.client("dynamodb")
name = "boto3-" + uuid.uuid4().hex
seen = {}

table = dynamodb.create_table(
    TableName=name,
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
        {"AttributeName": "owner", "AttributeType": "S"},
    ],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
    GlobalSecondaryIndexes=[
        {
            "IndexName": "byOwner",
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
)
client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

with table.batch_writer() as batch:
    for at in range(10):
        batch.put_item(Item={"id": "a", "at": at, "data": bytes([at, 255])})
table.update_item(
    Key={"id": "a", "at": 3},
    UpdateExpression="ADD #total :n SET #o = :o",
    ExpressionAttributeNames={"#total": "total", "#o": "owner"},
    ExpressionAttributeValues={":n": Decimal("19.5"), ":o": "me"},
)
updated = table.update_item(
    Key={"id": "a", "at": 3},
    UpdateExpression="ADD #total :n",
    ExpressionAttributeNames={"#total": "total"},
    ExpressionAttributeValues={":n": Decimal("0.5")},
    ReturnValues="ALL_NEW",
)["Attributes"]
seen["total"] = str(updated["total"])
precise = Decimal("3.1415926535897932384626433832795028841")
table.put_item(Item={"id": "pi", "at": 0, "value": precise, "owner": "me"})
seen["precise"] = table.get_item(Key={"id": "pi", "at": 0})["Item"]["value"] == precise
seen["binary"] = table.get_item(Key={"id": "a", "at": 9})["Item"]["data"].value == b"\x09\xff"

table.put_item(Item={"id": "lock", "at": 0, "holder": "first"}, ConditionExpression=Attr("id").not_exists())
try:
    table.put_item(
        Item={"id": "lock", "at": 0, "holder": "second"},
        ConditionExpression=Attr("id").not_exists(),
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
except client.exceptions.ConditionalCheckFailedException as error:
    seen["again"] = error.response["Error"]["Code"]
    seen["held"] = error.response["Item"]["holder"]["S"]

query = table.query(KeyConditionExpression=Key("id").eq("a") & Key("at").gte(7))
seen["queried"] = [str(item["at"]) for item in query["Items"]]
query = table.query(KeyConditionExpression=Key("id").eq("a"), ScanIndexForward=False, Limit=2)
seen["reversed"] = [str(item["at"]) for item in query["Items"]]
seen["byOwner"] = table.query(IndexName="byOwner", KeyConditionExpression=Key("owner").eq("me"))["Count"]
pages = client.get_paginator("scan").paginate(
    TableName=name,
    FilterExpression="id = :a",
    ExpressionAttributeValues={":a": {"S": "a"}},
    PaginationConfig={"PageSize": 3},
)
seen["pages"] = sum(len(page["Items"]) for page in pages)

try:
    client.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": name, "Key": {"id": {"S": "pi"}, "at": {"N": "0"}}}},
            {
                "Put": {
                    "TableName": name,
                    "Item": {"id": {"S": "lock"}, "at": {"N": "0"}},
                    "ConditionExpression": "attribute_not_exists(id)",
                }
            },
        ]
    )
except client.exceptions.TransactionCanceledException as error:
    seen["reasons"] = [reason["Code"] for reason in error.response["CancellationReasons"]]


def process(worker):
    """The same record reaches many workers: whoever writes its id first may process it."""
    try:
        client.put_item(
            TableName=name,
            Item={"id": {"S": "record-1"}, "at": {"N": "0"}, "worker": {"N": str(worker)}},
            ConditionExpression="attribute_not_exists(id)",
        )
        return 1
    except ClientError:
        return 0


with ThreadPoolExecutor(10) as pool:
    seen["processedOnce"] = sum(pool.map(process, range(20)))

table.delete()
client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
print(json.dumps(seen))
