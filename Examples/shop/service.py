# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server for apps that speak JSON."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

PORT = int(os.environ.get("PORT") or os.environ.get("APP_PORT") or 8080)
BODY_BYTES_MAX = 256 * 1024


class Refused(Exception):
    """An answer other than 200, with a sentence that says why."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


class Service:
    """Routes, each a method and a path such as `/cart/{customer}`, and the functions behind them.

    A function gets the parts of the path in braces, then the body's value if the method is POST, and returns a value.
    """

    def __init__(self, name):
        self.name, self.routes = name, []
        self.route("GET", "/")(lambda: {"app": name, "pid": os.getpid()})

    def route(self, method, path):
        def add(function):
            self.routes.append((method, path.split("/")[1:], function))
            return function
        return add

    def respond(self, method, target, read_body):
        """The status and the value for a request."""
        words = [unquote(word) for word in urlsplit(target).path.split("/")[1:]]
        for wanted, pattern, function in self.routes:
            if wanted != method or len(pattern) != len(words):
                continue
            if all(part.startswith("{") or part == word for part, word in zip(pattern, words)):
                named = [word for part, word in zip(pattern, words) if part.startswith("{")]
                try:
                    return 200, function(*named, *([read_body()] if method == "POST" else []))
                except Refused as refusal:
                    return refusal.status, {"error": str(refusal)}
                except Exception as error:
                    return 502, {"error": f"{type(error).__name__}: {error}"}
        return 404, {"error": f"{self.name} has no {method} {target}"}

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        service = self

        class Handler(JSONHandler):
            def handle_any(self):
                self.answer(*service.respond(self.command, self.path, self.read_body))
            do_GET = do_POST = do_DELETE = handle_any

        with Server(("127.0.0.1", PORT), Handler) as server:
            print(f"{self.name} listens on 127.0.0.1:{PORT}", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                sys.exit(0)


class Server(ThreadingHTTPServer):
    # The default of 5 makes a burst of callers wait for the kernel's retry.
    request_queue_size = 128
    daemon_threads = True


class JSONHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet.
    wbufsize = -1

    def read_body(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= BODY_BYTES_MAX:
            self.close_connection = True
            raise Refused(413, f"the body may have {BODY_BYTES_MAX} bytes")
        try:
            return json.loads(self.rfile.read(length) or b"null")
        except ValueError as error:
            raise Refused(400, f"the body isn't JSON: {error}") from error

    def answer(self, status, value):
        body = json.dumps(value, sort_keys=True).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass
