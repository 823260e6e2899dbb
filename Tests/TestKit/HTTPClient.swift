// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What a server answered.
package struct HTTPAnswer: Sendable {
    package var status = 0
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first header of that name, compared without case.
    package subscript(header: String) -> String? {
        headers.first { $0.name.lowercased() == header.lowercased() }?.value
    }
}

package struct HTTPClientError: Error, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }
}

/// A small HTTP/1.1 client on a plain socket, for loopback only. It sends exactly the bytes that a test gives it.
package struct HTTPClient: Sendable {
    package var port: Int

    package init(port: Int) { self.port = port }

    /// One request on a connection of its own.
    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPAnswer {
        try await onConnection { connection in
            try connection.write(Self.request(method, path, headers: headers, body: body))
            return try connection.readAnswer(isHead: method == "HEAD")
        }
    }

    /// Bytes as they are, and as many answers as are expected.
    package func exchange(_ raw: String, answers: Int = 1) async throws -> [HTTPAnswer] {
        try await onConnection { connection in
            try connection.write(raw)
            return try (0..<answers).map { _ in try connection.readAnswer() }
        }
    }

    /// The text of a request with its length.
    package static func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"]
        lines += headers.map { "\($0.0): \($0.1)" }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// Runs `body` with a new connection on a thread that may block.
    package func onConnection<Value: Sendable>(
        receivedBytesMax: Int32? = nil,
        _ body: @escaping @Sendable (HTTPConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let connection = try HTTPConnection(port: port, receivedBytesMax: receivedBytesMax)
                        defer { connection.close() }
                        return try body(connection)
                    })
            }
        }
    }
}

/// One connection; each call blocks its thread, at most ten seconds.
package final class HTTPConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// `receivedBytesMax`: about what the kernel keeps of what wasn't read yet.
    package init(port: Int, receivedBytesMax: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receivedBytesMax {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            Glibc.close(descriptor)
            throw HTTPClientError("connect to port \(port): \(String(cString: strerror(errno)))")
        }
    }

    package func close() { Glibc.close(descriptor) }

    /// Tells the server that nothing more comes.
    package func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    package func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw HTTPClientError("write: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Writes as much as the server takes without a pause of `patience` milliseconds, and returns how much that was.
    package func writeWhileTaken(_ text: String, atMost limit: Int, patience: Int = 300) throws -> Int {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < limit {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&wait, 1, Int32(patience)) == 1 else { return sent }
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0 && errno == EAGAIN { continue }
            guard count > 0 else { throw HTTPClientError("write: \(String(cString: strerror(errno)))") }
            sent += count
        }
        return sent
    }

    /// Whether the server closes the connection without sending anything more.
    package func isClosedByServer() -> Bool {
        do { return try !receive() } catch { return errno == ECONNRESET }
    }

    /// Whether the server neither sends anything nor closes for so many milliseconds.
    package func isSilent(for milliseconds: Int) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return received.isEmpty && poll(&wait, 1, Int32(milliseconds)) == 0
    }

    package func readAnswer(isHead: Bool = false) throws -> HTTPAnswer {
        var answer = HTTPAnswer()
        let lines = try String(decoding: take(through: "\r\n\r\n"), as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first, let code = Int(status) else {
            throw HTTPClientError("not an answer: \(lines)")
        }
        answer.status = code
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers.append((String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""))
        }
        if isHead || code == 204 || code < 200 { return answer }
        if answer["transfer-encoding"] == "chunked" {
            while true {
                let size = try String(decoding: take(through: "\r\n"), as: UTF8.self).dropLast(1)
                let count = Int(size.filter { $0 != "\r" && $0 != "\n" }, radix: 16) ?? 0
                answer.body += try take(count: count)
                _ = try take(count: 2)
                if count == 0 { return answer }
            }
        }
        answer.body = try take(count: Int(answer["content-length"] ?? "0") ?? 0)
        return answer
    }

    /// The lines of an answer's head, without what follows.
    package func readHead() throws -> String { try String(decoding: take(through: "\r\n\r\n"), as: UTF8.self) }

    /// Exactly so many bytes.
    package func read(_ count: Int) throws -> String { try String(decoding: take(count: count), as: UTF8.self) }

    /// Everything up to the end of the connection, which may be its reset.
    package func readToEnd() -> String {
        while (try? receive()) == true {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    private func take(through end: String) throws -> [UInt8] {
        let end = Array(end.utf8)
        var searched = 0
        while true {
            while searched + end.count <= received.count {
                if received[searched..<searched + end.count].elementsEqual(end) {
                    return try take(count: searched + end.count)
                }
                searched += 1
            }
            guard try receive() else { throw HTTPClientError("closed after \(received.count) bytes") }
        }
    }

    private func take(count: Int) throws -> [UInt8] {
        while received.count < count {
            guard try receive() else { throw HTTPClientError("closed after \(received.count) of \(count) bytes") }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Reads what there is; false at the end.
    private func receive() throws -> Bool {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &block, block.count, 0)
        guard count >= 0 else { throw HTTPClientError("read: \(String(cString: strerror(errno)))") }
        received += block.prefix(count)
        return count > 0
    }
}
