# SPDX-License-Identifier: Apache-2.0
"""A small catalogue over HTTP. PORT and VERSION come from the environment; the version `next` has a mistake in it."""

import json
import os
import re
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("PORT") or 7001)
VERSION = os.environ.get("VERSION") or "v1"


def product(number):
    price = {"amount": number * 5, "currency": "EUR"}
    if VERSION == "next" and number % 10 == 0:
        del price["currency"]
    return {"id": number, "name": f"apple {number}", "price": price, "served": time.time()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet.
    wbufsize = -1

    def do_GET(self):
        if self.path == "/":
            self.answer(200, {"app": "catalogue"})
        elif found := re.fullmatch(r"/products/(\d+)", self.path):
            self.answer(200, product(int(found[1])))
        else:
            self.answer(404, {"error": f"there is no {self.path}"})

    def answer(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", VERSION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(("127.0.0.1", PORT), Handler).serve_forever()
