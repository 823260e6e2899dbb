# SPDX-License-Identifier: Apache-2.0
"""What the shop's apps ask of their sidecars: plain HTTP to the port in DAPR_HTTP_PORT, and nothing else."""

import http.client
import json
import os
from urllib.parse import quote, urlencode

PORT = int(os.environ.get("DAPR_HTTP_PORT") or 3500)
API_TOKEN = os.environ.get("DAPR_API_TOKEN")
STORE = os.environ.get("STATE_STORE", "statestore")
PUBSUB = os.environ.get("PUBSUB", "pubsub")
# Every lost race means that another request won it.
TRIES_MAX = 100


class SidecarError(Exception):
    """The sidecar refused, or isn't there."""


class Changed(Exception):
    """Somebody else changed what was read before it was written."""


def call(method, path, body=None):
    """One request: its status, headers and body."""
    headers = {"Content-Type": "application/json"}
    if API_TOKEN:
        headers["dapr-api-token"] = API_TOKEN
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise SidecarError(f"no answer from the sidecar on port {PORT}: {error}") from error
    finally:
        connection.close()


def refused(what, status, body):
    return SidecarError(f"{what} was answered with {status}: {body.decode(errors='replace')}")


# State: https://docs.dapr.io/reference/api/state_api/

def load(key, absent=None):
    """The value, and the ETag under which it was read; `absent` without an ETag if there is none."""
    status, headers, body = call("GET", f"/v1.0/state/{STORE}/{quote(key, safe='')}")
    if status == 204:
        return absent, None
    if status != 200:
        raise refused(f"loading {key}", status, body)
    return json.loads(body), headers["ETag"]


def save(*writes):
    """Saves each (key, value, ETag) or none of them, if every key is still as it was read; None: still absent."""
    operations = []
    for key, value, etag in writes:
        request = {"key": key, "value": value, "options": {"concurrency": "first-write"}}
        if etag is not None:
            request["etag"] = etag
        operations.append({"operation": "upsert", "request": request})
    status, _, body = call("POST", f"/v1.0/state/{STORE}/transaction", {"operations": operations})
    if status == 409:
        raise Changed
    if status != 204:
        raise refused("saving", status, body)


def again_if_changed(act):
    """Calls `act` until nobody came in between its reads and its writes."""
    for _ in range(TRIES_MAX):
        try:
            return act()
        except Changed:
            continue
    raise SidecarError(f"what was read changed {TRIES_MAX} times")


# Other apps: https://docs.dapr.io/reference/api/service_invocation_api/

def invoke(app, method, path, body=None):
    """Calls another app by its name, wherever it is; its status and its answer as a value."""
    status, _, answer = call(method, f"/v1.0/invoke/{app}/method/{path}", body)
    if status >= 500:
        raise refused(f"{method} {path} of {app}", status, answer)
    return status, json.loads(answer)


# Events: https://docs.dapr.io/reference/api/pubsub_api/

def publish(topic, data, event_id, event_type, key):
    """Publishes an event. Those of one key arrive in their order; the id tells a repetition."""
    metadata = {"cloudevent.id": event_id, "cloudevent.type": event_type, "partitionKey": key}
    query = urlencode({f"metadata.{name}": value for name, value in metadata.items()})
    status, _, body = call("POST", f"/v1.0/publish/{PUBSUB}/{topic}?{query}", data)
    if status != 204:
        raise refused(f"publishing to {topic}", status, body)
