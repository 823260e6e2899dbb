// SPDX-License-Identifier: Apache-2.0

/// A small HTTP app in Python that shows what it was asked, and answers slowly, in parts, or at length, as its path
/// says.
struct EchoApp {
    var command: [String] { ["python3", "-c", Self.script] }

    private static let script = """
        import json, os, queue, signal, threading, time, urllib.parse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        health, told, lock, running = [200], queue.Queue(), threading.Lock(), [0, 0]

        class App(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                path, _, query = self.path.partition("?")
                self.query = dict(urllib.parse.parse_qsl(query))
                getattr(self, path.strip("/").partition("/")[0], self.echo)()

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = serve

            def begin(self, status=200, length=None):
                self.send_response(status)
                self.send_header("X-App", "echo")
                self.send_header("Connection", "X-Hop")
                self.send_header("X-Hop", "1")
                if length is None:
                    self.send_header("Transfer-Encoding", "chunked")
                else:
                    self.send_header("Content-Length", str(length))
                self.end_headers()

            def part(self, text):
                self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(text), text.encode()))

            def answer(self, body, status=200):
                if status == 204:
                    self.send_response(204)
                    return self.end_headers()
                self.begin(status, len(body))
                self.wfile.write(body.encode())

            def parts(self):
                if "content-length" in self.headers:
                    left = int(self.headers["content-length"])
                    while left:
                        block = self.rfile.read(min(left, 1 << 20))
                        left -= len(block)
                        yield block
                elif "transfer-encoding" in self.headers:
                    while size := int(self.rfile.readline(), 16):
                        yield self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()

            def echo(self):
                body = b"".join(self.parts()).decode()
                fields = {name.lower(): value for name, value in self.headers.items()}
                self.answer(json.dumps({"method": self.command, "path": self.path, "fields": fields, "body": body,
                                        "pid": os.getpid()}), int(self.query.get("status", 200)))

            def events(self):
                self.begin()
                for number in range(5):
                    self.part("data: %d\\n\\n" % number)
                    told.get(timeout=20)
                self.wfile.write(b"0\\r\\n\\r\\n")

            def go(self):
                told.put(None)
                self.answer("")

            def pingpong(self):
                self.begin()
                for part in self.parts():
                    self.part("got " + part.decode())
                self.wfile.write(b"0\\r\\n\\r\\n")

            def zeros(self):
                left, block = int(self.query["size"]), bytes(1 << 20)
                self.begin(200, left)
                while left:
                    self.wfile.write(block[:left])
                    left -= min(left, len(block))

            def count(self):
                self.answer(str(sum(map(len, self.parts()))))

            def slow(self):
                length = self.query.get("length")
                self.begin(200, length)
                if length:
                    self.wfile.write(b"begin")
                else:
                    self.part("begin")
                time.sleep(float(self.query.get("seconds", 30)))
                self.part("end")
                self.wfile.write(b"0\\r\\n\\r\\n")

            def busy(self):
                with lock:
                    running[0] += 1
                    running[1] = max(running)
                time.sleep(0.1)
                with lock:
                    running[0] -= 1
                self.answer(str(running[1]))

            def health(self):
                self.answer("", health[0])

            def set(self):
                health[0] = int(self.query["health"])
                self.answer("")

            def log_message(self, *arguments):
                pass

        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        ThreadingHTTPServer.daemon_threads = True
        ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
        """
}
