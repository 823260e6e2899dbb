// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit

/// What a server answered.
struct Answer {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String

    /// The body as JSON; an empty object if it isn't one.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// `errorCode` of an error's body.
    var errorCode: String? { json["errorCode"] as? String }
}

/// Nobody listens, or the connection ended before an answer.
struct NoAnswer: Error, CustomStringConvertible {
    var description: String
}

/// One listener on 127.0.0.1, spoken to over a new connection for each request.
struct Endpoint: Sendable {
    let port: Int

    func get(_ path: String, headers: [String: String] = [:]) throws -> Answer {
        try send("GET", path, headers: headers)
    }

    func post(_ path: String, _ body: String = "", headers: [String: String] = [:]) throws -> Answer {
        try send("POST", path, headers: headers, body: body)
    }

    func send(_ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil) throws -> Answer {
        let connection = try Connection(port: port)
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body {
            if headers["Content-Type"] == nil { head += "Content-Type: application/json\r\n" }
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        connection.write(head + "\r\n" + (body ?? ""))
        return try connection.readAnswer()
    }

    /// The status, or nil while nobody answers.
    func status(_ path: String) -> Int? { try? get(path).status }
}

/// One TCP connection, for tests that care about the moments between its bytes.
final class Connection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        // deinit runs after this throws too, and a second close could hit a neighbour's descriptor of the same number.
        guard withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else {
            throw NoAnswer(description: "nobody listens on port \(port)")
        }
    }

    deinit { close(descriptor) }

    /// Sends what the server takes; one that has answered already and closed is not an error, its answer is read.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            bytes = bytes.dropFirst(sent)
        }
    }

    private var received: [UInt8] = []

    /// Reads until `text` has come, and leaves what is behind it.
    func read(until text: String) throws {
        let end = Array(text.utf8)
        while true {
            if let range = received.firstRange(of: end) { return received.removeSubrange(..<range.upperBound) }
            guard receive() else {
                throw NoAnswer(description: "\(text): not in \(String(decoding: received, as: UTF8.self))")
            }
        }
    }

    /// Reads a line, without what ends it.
    func readLine() throws -> String {
        let end = Array("\r\n".utf8)
        while true {
            if let range = received.firstRange(of: end) {
                defer { received.removeSubrange(..<range.upperBound) }
                return String(decoding: received[..<range.lowerBound], as: UTF8.self)
            }
            guard receive() else {
                throw NoAnswer(description: "no line in \(String(decoding: received, as: UTF8.self))")
            }
        }
    }

    /// What still comes until the server closes.
    func readToEnd() -> String {
        while receive() {}
        return String(decoding: received, as: UTF8.self)
    }

    /// False at the end.
    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 { received += chunk[..<count] }
        return count > 0
    }

    /// Reads until the server closes; the requests of these tests all ask for that.
    func readAnswer() throws -> Answer {
        while receive() {}
        return try Answer(parsing: received)
    }
}

extension Answer {
    init(parsing bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else {
            throw NoAnswer(description: "the connection ended after \(bytes.count) bytes")
        }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        headers = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...]
            headers[line[..<colon].lowercased()] = value.trimmingCharacters(in: .whitespaces)
        }
        body = String(text[end.upperBound...])
        if headers["transfer-encoding"] == "chunked" { body = Self.joinChunks(body) }
    }

    private static func joinChunks(_ text: String) -> String {
        var rest = text.utf8[...]
        var joined: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 0x0D),
            let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16), size > 0
        {
            rest = rest[lineEnd...].dropFirst(2)
            joined += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return String(decoding: joined, as: UTF8.self)
    }
}
