// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An app in Python that is subscribed to topics, answers as a test asks, and notes what came.
///
/// Its answers to a path come from a list, the last of which is repeated. While the file `sick` lies in its folder, it
/// fails its health check.
struct EventApp {
    enum Reply {
        case answer(Int, String = "")
        /// Says 200 after so many seconds.
        case late(Double)
        /// Ends the connection without an answer, or in the middle of one.
        case hangUp, cutOff
        /// Bytes that aren't HTTP.
        case noise

        fileprivate var json: [Any] {
            switch self {
            case .answer(let status, let body): ["answer", status, body]
            case .late(let seconds): ["late", seconds]
            case .hangUp: ["hang-up"]
            case .cutOff: ["cut-off"]
            case .noise: ["noise"]
            }
        }
    }

    /// What it answers when it is asked for its subscriptions, in JSON.
    var subscriptions = "[]"
    /// By path; everything else is answered with 200.
    var replies: [String: [Reply]] = [:]
    var opensPortAfter: Duration = .zero

    /// A subscription of one topic whose failures come again soon.
    static func subscription(
        _ topic: String, to path: String, pubsub: String = "pubsub", metadata: String = "", _ more: String = ""
    ) -> String {
        """
        {"pubsubname":"\(pubsub)","topic":"\(topic)","route":"\(path)"\(more),\
        "metadata":{"retryDelay":"20ms","retryDelayMax":"40ms"\(metadata)}}
        """
    }

    var command: [String] { ["/usr/bin/python3", "-c", Self.script] }

    func environment(folder: TemporaryFolder, notes: String) -> [String: String] {
        let replies = replies.mapValues { $0.map(\.json) }
        let json = (try? JSONSerialization.data(withJSONObject: replies)) ?? Data()
        return [
            "TEST_SUBSCRIPTIONS": subscriptions, "TEST_REPLIES": String(decoding: json, as: UTF8.self),
            "TEST_NOTES": notes, "TEST_SICK": folder.path("sick"),
            "TEST_OPEN_AFTER_MS": "\(Int(opensPortAfter / .milliseconds(1)))",
        ]
    }

    private static let script = """
        import json, os, sys, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        replies, lock = json.loads(os.environ["TEST_REPLIES"]), threading.Lock()
        notes = os.open(os.environ["TEST_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

        def note(**what):
            os.write(notes, (json.dumps(what) + "\\n").encode())

        class App(BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
            def do_GET(self):
                note(path=self.path, headers={}, body="")
                if self.path == "/exit":
                    os._exit(1)
                if self.path == "/healthz":
                    return self.answer(500 if os.path.exists(os.environ["TEST_SICK"]) else 200, "")
                self.answer(200, os.environ["TEST_SUBSCRIPTIONS"] if self.path == "/dapr/subscribe" else "{}")
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                note(path=self.path, headers=headers, body=body)
                with lock:
                    wanted = replies.get(self.path) or [["answer", 200, ""]]
                    reply = wanted[0] if len(wanted) == 1 else wanted.pop(0)
                if reply[0] == "answer":
                    return self.answer(reply[1], reply[2])
                if reply[0] == "late":
                    time.sleep(reply[1])
                    self.answer(200, "")
                    return note(path="answered " + self.path, headers={}, body="")
                if reply[0] == "cut-off":
                    self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\n{")
                if reply[0] == "noise":
                    self.wfile.write(b"\\x16\\x03 this is no HTTP\\r\\n\\r\\n")
                self.close_connection = True
            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())
            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            def handle_error(self, *_):
                pass

        time.sleep(int(os.environ["TEST_OPEN_AFTER_MS"]) / 1000)
        Server(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
        """
}

/// One call that an `EventApp` got.
struct Delivery {
    var path: String
    /// Names in lower case.
    var headers: [String: String]
    var body: String

    /// The body as an envelope.
    var event: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    var id: String { event["id"] as? String ?? "" }
    /// The data, if it is text or a number.
    var data: String { event["data"].map { "\($0)" } ?? "" }
    /// The events of a bulk, each with its `entryId`.
    var entries: [[String: Any]] { event["entries"] as? [[String: Any]] ?? [] }
}

/// A sidecar beside an `EventApp`.
final class Receiver: Sendable {
    let sidecar: Sidecar
    let folder: TemporaryFolder
    private let notes: String

    /// What a test may choose beside the app.
    struct Plan {
        var appID = "cart"
        var flags: [String] = []
        /// Documents for `--resources-path`.
        var resources: String?
        var environment: [String: String] = [:]
        /// The folder of another one, to work on the same data.
        var folder: TemporaryFolder?
        var wrapper: [String] = []
    }

    /// Returns at once.
    init(starting app: EventApp, _ plan: Plan = Plan()) throws {
        folder = try plan.folder ?? TemporaryFolder()
        notes = folder.path("notes-\(UUID().uuidString.prefix(8)).jsonl")
        var flags = plan.flags
        if let resources = plan.resources {
            try folder.write(resources, to: "resources-\(plan.appID)/all.yaml")
            flags += ["-d", folder.path("resources-\(plan.appID)")]
        }
        let environment = app.environment(folder: folder, notes: notes)
        sidecar = try Sidecar(
            .init(
                appID: plan.appID, flags: flags, environment: environment.merging(plan.environment) { $1 },
                command: app.command, hasAppPort: true, wrapper: plan.wrapper, folder: folder))
    }

    /// Returns when the app's subscriptions are served.
    convenience init(_ app: EventApp, _ plan: Plan = Plan()) throws {
        try self.init(starting: app, plan)
        try waitUntilSubscribed()
    }

    func waitUntilSubscribed() throws {
        try sidecar.waitUntil("there are subscriptions") {
            (try? sidecar.api.get("/v1.0/metadata").json["subscriptions"] as? [Any])?.isEmpty == false
        }
    }

    // MARK: - Publishing

    /// Publishes one event and expects success.
    func publish(_ topic: String, _ body: String, query: String = "", headers: [String: String] = [:]) throws {
        let answer = try send(topic, body, query: query, headers: headers)
        guard answer.status == 204 else { throw NoAnswer(description: "\(answer.status): \(answer.body)") }
    }

    func send(
        _ topic: String, _ body: String, query: String = "", headers: [String: String] = [:], pubsub: String = "pubsub"
    ) throws -> Answer {
        try sidecar.api.post("/v1.0/publish/\(pubsub)/\(topic)\(query)", body, headers: headers)
    }

    // MARK: - What came

    /// All calls with a body, or those to one path.
    func deliveries(_ path: String? = nil) -> [Delivery] {
        calls.filter { $0.path == path || (path == nil && !$0.body.isEmpty) }
    }

    /// How often the app was asked for its subscriptions.
    var askedCount: Int { calls.count { $0.path == "/dapr/subscribe" } }

    func waitForDeliveries(_ count: Int, _ path: String? = nil) throws -> [Delivery] {
        try sidecar.waitUntil("\(count) deliveries to \(path ?? "any path")") { deliveries(path).count >= count }
        return deliveries(path)
    }

    /// Waits a little for what must not come.
    func settle() { usleep(200_000) }

    /// Counts a metric of the sidecar over all its labels.
    func metric(_ name: String) throws -> Int {
        let lines = try sidecar.admin.get("/metrics").body.split(separator: "\n")
        return lines.filter { $0.hasPrefix(name) }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
            .reduce(0, +)
    }

    private var calls: [Delivery] {
        let text = FileManager.default.contents(atPath: notes).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").compactMap { line in
            guard let note = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                return nil
            }
            return Delivery(
                path: note["path"] as? String ?? "", headers: note["headers"] as? [String: String] ?? [:],
                body: note["body"] as? String ?? "")
        }
    }
}
