"""Puts metrics with boto3 and reads them back, as a user's program would; prints one line of JSON with what it saw."""

import datetime
import json
import uuid

import boto3

cloudwatch = boto3.client("cloudwatch")
namespace = "boto3/" + uuid.uuid4().hex
now = datetime.datetime.now(datetime.timezone.utc)
start = now - datetime.timedelta(minutes=10)
end = now + datetime.timedelta(minutes=10)
dimensions = [{"Name": "d", "Value": "v"}]
seen = {}

cloudwatch.put_metric_data(
    Namespace=namespace,
    MetricData=[
        {"MetricName": "m", "Dimensions": dimensions, "Timestamp": start, "Value": 2.5, "Unit": "Count"},
        {"MetricName": "m", "Dimensions": dimensions, "Timestamp": start, "Values": [4.0], "Unit": "Count"},
    ],
)
cloudwatch.put_metric_data(
    Namespace=namespace,
    MetricData=[{"MetricName": "many-%d" % i, "Value": i, "Timestamp": now} for i in range(300)],
)
point = cloudwatch.get_metric_statistics(
    Namespace=namespace,
    MetricName="m",
    Dimensions=dimensions,
    StartTime=start,
    EndTime=end,
    Period=1200,
    Statistics=["Sum"],
)["Datapoints"][0]
seen["sum"] = point["Sum"]
seen["unit"] = point["Unit"]
point = cloudwatch.get_metric_statistics(
    Namespace=namespace,
    MetricName="m",
    Dimensions=dimensions,
    StartTime=start,
    EndTime=end,
    Period=1200,
    ExtendedStatistics=["p90"],
)["Datapoints"][0]
seen["p90"] = point["ExtendedStatistics"]["p90"]
pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
seen["listed"] = sum(len(page["Metrics"]) for page in pages)
result = cloudwatch.get_metric_data(
    MetricDataQueries=[
        {
            "Id": "a",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions},
                "Period": 1200,
                "Stat": "Sum",
            },
        }
    ],
    StartTime=start,
    EndTime=end,
)["MetricDataResults"][0]
seen["values"] = result["Values"]
seen["label"] = result["Label"]
try:
    old = now - datetime.timedelta(days=20)
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m", "Value": 1, "Timestamp": old}])
except cloudwatch.exceptions.ClientError as error:
    seen["invalid"] = "%(Code)s: %(Message)s" % error.response["Error"]
print(json.dumps(seen))
