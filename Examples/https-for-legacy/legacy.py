# SPDX-License-Identifier: Apache-2.0
"""An app of long ago: it speaks plain HTTP/1.0 and knows nothing of certificates."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = int(os.environ.get("PORT") or os.environ.get("APP_PORT") or 8080)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # What an app behind a proxy is told: how the client came, from where, and whom it asked.
        told = {name: self.headers[name] for name in ("X-Forwarded-Proto", "X-Forwarded-For", "Host")}
        body = json.dumps({"pid": os.getpid(), "path": self.path, "told": told}).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
