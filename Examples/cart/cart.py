#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A shopping cart for each user, kept through the sidecar's state API.

Nothing but Python's standard library: the app speaks plain HTTP to the port in DAPR_HTTP_PORT and doesn't know which
store is behind it. Listens on PORT (or APP_PORT, which the sidecar sets).

    GET    /cart/USER             the cart
    POST   /cart/USER             {"item": "apple", "quantity": 2} adds to it
    DELETE /cart/USER/ITEM        takes an item out
    DELETE /cart/USER             empties it
    GET    /                      who this is
"""

import http.client
import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

PORT = int(os.environ.get("PORT") or os.environ.get("APP_PORT") or 8080)
SIDECAR_PORT = int(os.environ.get("DAPR_HTTP_PORT") or 3500)
API_TOKEN = os.environ.get("DAPR_API_TOKEN")
STORE = os.environ.get("STATE_STORE", "statestore")
# Every lost race means that another request won it, so with this many tries a cart takes as many writers at once.
TRIES_MAX = 100
BODY_BYTES_MAX = 64 * 1024


class SidecarError(Exception):
    """The sidecar refused, or isn't there."""


class CartChanged(Exception):
    """Somebody else changed the cart between our read and our write."""


def call_sidecar(method, path, body=None):
    """One request to the sidecar: its status, headers and body."""
    headers = {"Content-Type": "application/json"}
    if API_TOKEN:
        headers["dapr-api-token"] = API_TOKEN
    connection = http.client.HTTPConnection("127.0.0.1", SIDECAR_PORT, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise SidecarError(f"no answer from the sidecar on port {SIDECAR_PORT}: {error}") from error
    finally:
        connection.close()


def state_key(user):
    return f"cart-{user}"


def load_cart(user):
    """The user's items and the ETag under which they were read; no ETag when there is no cart yet."""
    status, headers, body = call_sidecar("GET", f"/v1.0/state/{STORE}/{quote(state_key(user), safe='')}")
    if status == 204:
        return {}, None
    if status != 200:
        raise SidecarError(f"reading state answered {status}: {body.decode(errors='replace')}")
    return json.loads(body), headers["ETag"]


def save_cart(user, items, etag):
    """Saves if the cart is still the one that was read under `etag`, or still absent when `etag` is None."""
    write = {"key": state_key(user), "value": items, "options": {"concurrency": "first-write"}}
    if etag is not None:
        write["etag"] = etag
    status, _, body = call_sidecar("POST", f"/v1.0/state/{STORE}", [write])
    if status == 409:
        raise CartChanged
    if status != 204:
        raise SidecarError(f"saving state answered {status}: {body.decode(errors='replace')}")


def change_cart(user, change):
    """Reads, changes and saves the cart, again and again until no other request came in between."""
    for _ in range(TRIES_MAX):
        items, etag = load_cart(user)
        change(items)
        try:
            save_cart(user, items, etag)
            return items
        except CartChanged:
            continue
    raise SidecarError(f"the cart of {user} changed {TRIES_MAX} times while we tried to change it")


class CartHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/":
            self.answer(200, {"app": "cart", "pid": os.getpid(), "sidecar": f"http://127.0.0.1:{SIDECAR_PORT}"})
        else:
            self.with_cart(lambda user, item: load_cart(user)[0])

    def do_POST(self):
        self.with_cart(self.add)

    def do_DELETE(self):
        self.with_cart(self.remove)

    def add(self, user, item):
        order = self.read_order()
        name, quantity = order.get("item"), order.get("quantity", 1)
        if item or not isinstance(name, str) or not name or type(quantity) is not int or quantity < 1:
            raise ValueError('expected {"item": "apple", "quantity": 2}')
        return change_cart(user, lambda items: items.update({name: items.get(name, 0) + quantity}))

    def remove(self, user, item):
        return change_cart(user, lambda items: items.pop(item, None) if item else items.clear())

    def read_order(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= BODY_BYTES_MAX:
            raise ValueError(f"the body may have {BODY_BYTES_MAX} bytes")
        order = json.loads(self.rfile.read(length))
        if not isinstance(order, dict):
            raise ValueError("expected an object")
        return order

    def with_cart(self, act):
        """Answers with the cart that `act` returns for the user and the item of the path, or says what went wrong."""
        words = [unquote(word) for word in self.path.split("?")[0].split("/")[1:]]
        if len(words) not in (2, 3) or words[0] != "cart" or not words[1]:
            return self.answer(404, {"error": "try /cart/USER"})
        user, item = words[1], words[2] if len(words) == 3 else None
        try:
            self.answer(200, {"user": user, "items": act(user, item)})
        except ValueError as error:
            # What is left of a body that wasn't understood must not be taken for the next request.
            self.close_connection = True
            self.answer(400, {"error": str(error)})
        except SidecarError as error:
            self.answer(502, {"error": str(error)})

    def answer(self, status, value):
        body = json.dumps(value, sort_keys=True).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


class CartServer(ThreadingHTTPServer):
    # The default of 5 makes a burst of callers wait for the kernel's retry.
    request_queue_size = 128
    daemon_threads = True


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with CartServer(("127.0.0.1", PORT), CartHandler) as server:
        print(f"cart listens on 127.0.0.1:{PORT}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
