"""Assumes a role with boto3, as a user's program would, and works with its keys; prints one line of JSON with what it saw."""

import json
import sys

import boto3
import botocore.exceptions

role, partner = sys.argv[1:3]


def refused(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


def session_of(answer):
    keys = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


sts = boto3.client("sts")
seen = {"me": sts.get_caller_identity()["Arn"]}

assumed = sts.assume_role(RoleArn=role, RoleSessionName="job", DurationSeconds=900)
seen["role"] = assumed["AssumedRoleUser"]["Arn"]
reader = session_of(assumed)
seen["session"] = reader.client("sts").get_caller_identity()["Arn"]
seen["lists"] = reader.client("kinesis").list_streams()["StreamNames"]
seen["puts"] = refused(
    lambda: reader.client("kinesis").put_record(StreamName="s", Data=b"x", PartitionKey="k")
)

seen["withoutExternalId"] = refused(lambda: sts.assume_role(RoleArn=partner, RoleSessionName="job"))
deal = sts.assume_role(RoleArn=partner, RoleSessionName="job", ExternalId="the-deal")
seen["withExternalId"] = deal["AssumedRoleUser"]["Arn"]
seen["tooLong"] = refused(
    lambda: sts.assume_role(RoleArn=role, RoleSessionName="job", DurationSeconds=43200)
)

narrowed = sts.assume_role(
    RoleArn=role,
    RoleSessionName="narrow",
    Policy=json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kinesis:ListShards", "Resource": "*"}}),
    Tags=[{"Key": "team", "Value": "blue"}],
)
seen["packed"] = narrowed["PackedPolicySize"] > 0
seen["narrowed"] = refused(lambda: session_of(narrowed).client("kinesis").list_streams())

own = session_of(sts.get_session_token(DurationSeconds=900))
seen["own"] = own.client("sts").get_caller_identity()["Arn"]
seen["ownOfOwn"] = refused(lambda: own.client("sts").get_session_token())
seen["keyInfo"] = sts.get_access_key_info(AccessKeyId=boto3.Session().get_credentials().access_key)["Account"]
print(json.dumps(seen))
