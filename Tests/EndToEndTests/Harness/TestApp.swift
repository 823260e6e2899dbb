// SPDX-License-Identifier: Apache-2.0

/// A small HTTP app in Python that behaves well or badly, as a test asks.
///
/// It listens on APP_PORT and answers `/env` (its environment), `/pid`, and `/exit/N` (ends at once with status N).
struct TestApp {
    enum OnTerminate: String {
        /// Ends with status 0.
        case exit
        /// Goes on as if nothing were.
        case ignore
        /// Half a second later saves the key `last-words` through the sidecar, then ends with status 7.
        case save
    }

    var opensPortAfter: Duration = .zero
    var onTerminate = OnTerminate.exit

    var command: [String] { ["python3", "-c", Self.script] }

    var environment: [String: String] {
        let milliseconds = Int(opensPortAfter / .milliseconds(1))
        return ["TEST_OPEN_AFTER_MS": "\(milliseconds)", "TEST_ON_TERMINATE": onTerminate.rawValue]
    }

    private static let script = """
        import json, os, signal, threading, time, urllib.request
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class App(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/exit/"):
                    os._exit(int(self.path[6:]))
                answer = {"/env": dict(os.environ), "/pid": {"pid": os.getpid()}}.get(self.path, {})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())
            def log_message(self, *arguments):
                pass

        def save_and_exit():
            time.sleep(0.5)
            request = urllib.request.Request(
                "http://127.0.0.1:" + os.environ["DAPR_HTTP_PORT"] + "/v1.0/state/statestore",
                b'[{"key":"last-words","value":"goodbye"}]', {"Content-Type": "application/json"})
            os._exit(7 if urllib.request.urlopen(request).status == 204 else 8)

        def terminate(*_):
            print("app got SIGTERM", flush=True)
            wanted = os.environ["TEST_ON_TERMINATE"]
            if wanted == "exit":
                os._exit(0)
            if wanted == "save":
                threading.Thread(target=save_and_exit).start()

        signal.signal(signal.SIGTERM, terminate)
        signal.signal(signal.SIGHUP, lambda *_: print("app got SIGHUP", flush=True))
        time.sleep(int(os.environ["TEST_OPEN_AFTER_MS"]) / 1000)
        ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
        """
}
