// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct PubSubCommand {
        /// Wants orders, and takes them only once the file `mended` is there.
        private static let app = """
            import json, os
            from http.server import BaseHTTPRequestHandler, HTTPServer

            class App(BaseHTTPRequestHandler):
                def answer(self, status, value):
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(json.dumps(value).encode())
                def do_GET(self):
                    self.answer(200, [{"pubsubname": "pubsub", "topic": "orders", "route": "/orders",
                                       "metadata": {"maxAttempts": "2", "retryDelay": "10ms"}}])
                def do_POST(self):
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.answer(200 if os.path.exists("mended") else 500, {})
                def log_message(self, *arguments):
                    pass

            HTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
            """

        private func mailer() throws -> Sidecar {
            let sidecar = try Sidecar(
                Sidecar.Plan(appID: "mailer", command: ["python3", "-c", Self.app], hasAppPort: true))
            try sidecar.waitUntilReady()
            return sidecar
        }

        /// What the command prints on standard output, with the status 0.
        private func run(_ arguments: String..., on sidecar: Sidecar) throws -> String {
            let (exit, process) = try Binary.run(
                ["pubsub"] + arguments + ["--data-dir", sidecar.folder.path("data")], in: sidecar.folder)
            #expect(exit == .status(0), "\(process.output)")
            return process.standardOutput
        }

        @Test func `what is parked is found through the data directory, listed, and replayed when the app is mended`()
            throws
        {
            let sidecar = try mailer()
            #expect(try run("parked", on: sidecar) == "Nothing is parked.\n")
            #expect(try sidecar.api.post("/v1.0/publish/pubsub/orders", #"{"n": 1}"#).status == 204)
            try wait(for: "the message to be parked") { try run("parked", on: sidecar).contains(" 500\n") }

            let listed = try run("parked", "--topic", "orders", "--data", on: sidecar)
            #expect(listed.hasPrefix("mailer  127.0.0.1:\(sidecar.admin.port)\nPUBSUB  TOPIC   ID"))
            #expect(listed.contains(#""data":{"n": 1}"#))
            let lines = try run(on: sidecar).split(separator: "\n")
            #expect(lines.last == "pubsub  orders    0   0.0 s       1  none          delivering")

            try sidecar.folder.write("", to: "mended")
            let replayed = try run("replay", "--app-id", "mailer", "--json", on: sidecar)
            #expect(
                replayed
                    == #"[{"app":"mailer","topics":[{"pubsub":"pubsub","topic":"orders","replayed":1}]}]"# + "\n")
            try wait(for: "the message to be taken") {
                try run("--json", on: sidecar).contains(#""lagEvents":0,"lagSeconds":0.0,"parked":0"#)
            }
            #expect(try run("replay", on: sidecar) == "Nothing is parked, so nothing is delivered again.\n")
        }

        @Test func `a listener is asked by its address`() throws {
            let sidecar = try mailer()
            let (exit, process) = try Binary.run(
                ["pubsub", "--admin", "127.0.0.1:\(sidecar.admin.port)"], in: sidecar.folder)
            #expect(exit == .status(0))
            #expect(process.standardOutput.contains("pubsub  orders    0"))
        }

        @Test(arguments: [
            (["--data-dir", "./nowhere"], 1, "no sidecar has used ./nowhere"),
            (["--admin", "127.0.0.1:1"], 1, "can't connect to 127.0.0.1:1"),
            (["--admin", "x"], 64, "--admin: found \"x\", expected HOST:PORT"),
            (["--admin", "127.0.0.1:1", "--app-id", "cart"], 64, "leave out --data-dir and --app-id"),
        ])
        func `who isn't found is named, with what to try`(arguments: [String], status: Int, sentence: String) throws {
            let (exit, process) = try Binary.run(["pubsub"] + arguments, in: TemporaryFolder())
            #expect(exit == .status(status))
            #expect(process.standardError.contains(sentence))
            #expect(process.standardOutput.isEmpty)
        }

        @Test func `an app that doesn't run, and a sidecar without an admin listener, are told`() throws {
            let sidecar = try Sidecar.alone("--enable-metrics=false")
            let said = [(["--app-id", "orders"], "no sidecar of orders runs"), ([], "can't be asked: cart")]
            for (flags, sentence) in said {
                let arguments = ["pubsub", "--data-dir", sidecar.folder.path("data")] + flags
                let (exit, process) = try Binary.run(arguments, in: sidecar.folder)
                #expect(exit == .status(1))
                #expect(process.standardError.contains(sentence), "\(process.output)")
            }
        }
    }
}
