"""Functions in Python."""


def greet(event, context):
    print("greeting")
    return {
        "text": f"hello {event['name']}",
        "requestId": context.aws_request_id,
        "function": context.function_name,
        "memory": context.memory_limit_in_mb,
        "leftMs": context.get_remaining_time_in_millis(),
    }


def fail(event, context):
    return event["nothing"]


def unserializable(event, context):
    return {1, 2}


def loop(event, context):
    while True:
        pass
