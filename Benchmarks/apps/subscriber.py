# SPDX-License-Identifier: Apache-2.0
"""usage: subscriber.py PORT FILE TOPIC

Takes each event, and notes its time, key and number in FILE: when it has come, and once more when the system has the
answer.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, FILE, TOPIC = int(sys.argv[1]), sys.argv[2], sys.argv[3]
NOTES = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
SUBSCRIPTIONS = json.dumps([{
    "pubsubname": "pubsub", "topic": TOPIC, "route": "/events",
    "metadata": {"retryDelay": "20ms", "retryDelayMax": "100ms", "maxAttempts": "1000000"},
}]).encode()


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it each answer waits for an acknowledgement of the one before.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self.answer(SUBSCRIPTIONS if self.path == "/dapr/subscribe" else b"{}")

    def do_POST(self):
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]
        event = f"{time.time():.6f} {data['key']} {data['number']}\n"
        os.write(NOTES, f"came {event}".encode())
        self.answer(b"")
        # An answer that is still in the buffer dies with the app.
        self.wfile.flush()
        os.write(NOTES, f"answered {event}".encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # A sidecar that is killed leaves its connections behind.


Server(("127.0.0.1", PORT), App).serve_forever()
