"""
The program of a function process for handlers in Python: what node-runtime.ts is for JavaScript. It hears and answers the
server on file descriptor 3 (the frames are drawn in frames.ts).

    python3 python-runtime.py MODULE HANDLER SERVERPID
"""

import importlib.util
import json
import os
import signal
import struct
import sys
import threading
import time
import traceback

ANSWER_BYTES_MAX = 6_291_556
ORPHAN_CHECK_S = 1
SERVER = 3


class Context:
    """What a handler learns about its invocation."""

    function_version = "$LATEST"
    identity = None

    def __init__(self, head):
        self._deadline = time.monotonic() + head["timeoutMs"] / 1000
        self.aws_request_id = head["requestId"]
        self.function_name = head["functionName"]
        self.invoked_function_arn = head["functionArn"]
        self.memory_limit_in_mb = str(head["memoryMiB"])
        self.log_group_name = head["logGroupName"]
        self.log_stream_name = head["logStreamName"]
        client = head.get("clientContext")
        self.client_context = None if client is None else json.loads(client)

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def send(kind, body=b"", **more):
    head = json.dumps({"kind": kind, **more}).encode()
    frame = memoryview(struct.pack(">II", len(head), len(body)) + head + body)
    while frame:
        frame = frame[os.write(SERVER, frame) :]


def receive(count):
    """So many bytes of the server; ends the process when the server is gone."""
    parts = []
    while count > 0:
        part = os.read(SERVER, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def described(error, error_type=None, message=None):
    """AWS's form of an exception."""
    trace = traceback.format_exception(type(error), error, error.__traceback__)
    told = {"errorMessage": message or str(error), "errorType": error_type or type(error).__name__}
    return json.dumps({**told, "stackTrace": trace}).encode()


def load(path, handler_name):
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec = importlib.util.spec_from_file_location("function", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["function"] = module
        spec.loader.exec_module(module)
    except SyntaxError as error:
        fail(described(error, "Runtime.UserCodeSyntaxError"))
    except ImportError as error:
        fail(described(error, "Runtime.ImportModuleError"))
    except Exception as error:
        fail(described(error))
    found = module
    for name in handler_name.split("."):
        found = getattr(found, name, None)
    if not callable(found):
        message = f"Handler '{handler_name}' missing on module '{os.path.basename(path)}'"
        fail(json.dumps({"errorType": "Runtime.HandlerNotFound", "errorMessage": message, "stackTrace": []}).encode())
    return found


def fail(body):
    send("unready", body, isLast=True)
    os._exit(1)


def run(handler, head, event):
    request_id = head["requestId"]
    try:
        result = handler(json.loads(event), Context(head))
        try:
            body = json.dumps(result).encode()
        except (TypeError, ValueError) as error:
            body = described(error, "Runtime.MarshalError", f"Unable to marshal response: {error}")
            return send("error", body, requestId=request_id)
        if len(body) > ANSWER_BYTES_MAX:
            message = f"Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes)."
            told = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
            return send("error", json.dumps(told).encode(), requestId=request_id)
        send("result", body, requestId=request_id)
    except Exception as error:
        send("error", described(error), requestId=request_id)


def guard(server_pid):
    """A handler that loops does not hear that the server was killed."""
    while os.getppid() == server_pid:
        time.sleep(ORPHAN_CHECK_S)
    os.kill(os.getpid(), signal.SIGKILL)


def main(path, handler_name, server_pid):
    os.set_blocking(SERVER, True)
    threading.Thread(target=guard, args=(int(server_pid),), daemon=True).start()
    handler = load(path, handler_name)
    send("ready")
    while True:
        head_length, body_length = struct.unpack(">II", receive(8))
        head = json.loads(receive(head_length))
        run(handler, head, receive(body_length))


main(*sys.argv[1:4])
