// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import WireMemcached

/// The values of keys that live on several servers, in the order in which the client named the keys.
///
/// If a server fails, its error ends the reply instead of `END`, behind the values that the others have: a key that
/// isn't there then never looks like one that couldn't be asked for.
final class MemcachedRetrieval: FanOut {
    /// What each server is asked for.
    struct Plan {
        struct Line {
            let server: Int
            var bytes: ByteBuffer
        }

        /// The command without its keys, such as `gat 10`.
        private let beginning: ByteBuffer
        private(set) var lines: [Line] = []
        /// All keys, one behind the other.
        fileprivate var keys = ByteBuffer()
        fileprivate var owners: [(key: MemcachedPlace, part: Int)] = []

        init(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>) {
            var end = command.key.offset
            while end > 0, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
            var beginning = ByteBuffer()
            beginning.writeBytes(bytes.extracting(first: end).bytes)
            self.beginning = beginning
            keys.reserveCapacity(command.lineLength)
            owners.reserveCapacity(command.keyCount)
        }

        mutating func add(_ key: MemcachedPlace, _ bytes: borrowing Span<UInt8>, server: Int) {
            let part = lines.firstIndex { $0.server == server } ?? lines.count
            if part == lines.count { lines.append(Line(server: server, bytes: beginning)) }
            let keyBytes = bytes.extracting(key.range).bytes
            lines[part].bytes.writeInteger(UInt8(ascii: " "))
            lines[part].bytes.writeBytes(keyBytes)
            owners.append((MemcachedPlace(offset: keys.writerIndex, length: key.length), part))
            keys.writeBytes(keyBytes)
        }

        /// The lines with their ends.
        func finish() -> [Line] {
            lines.map { line in
                var line = line
                line.bytes.writeStaticString("\r\n")
                return line
            }
        }
    }

    /// One server's reply, and how much of it has been written.
    private struct Part {
        let bytes: ByteBuffer
        let lastLine: Int
        /// Nil if there are none.
        var values: MemcachedValues?
        var next: MemcachedValues.Value?
        /// The server's error, or the proxy's about it.
        let isError: Bool

        init(_ bytes: ByteBuffer) {
            // The connection's scanner has taken the reply, but none an error of the proxy's own.
            var scanner = MemcachedReplyScanner(limits: MemcachedFraming.limits)
            guard case .complete(let reply) = scanner.scan(bytes.readableBytesUInt8Span, expecting: .values) else {
                (self.bytes, lastLine, isError) = (MemcachedReplies.notUnderstood, 0, true)
                return
            }
            self.bytes = bytes
            lastLine = reply.lastLine
            isError = reply.status.isError
            var values = MemcachedValues(reply)
            next = values.next(in: bytes.readableBytesUInt8Span)
            self.values = values
        }

        /// Writes the next value if it is that of `key`.
        mutating func writeNext(_ key: borrowing Span<UInt8>, into output: inout ByteBuffer) {
            let bytes = bytes
            guard let next, bytes.readableBytesUInt8Span.extracting(next.key.range).isSame(as: key) else { return }
            output.writeBytes(bytes.readableBytesSpan.extracting(next.place.range))
            self.next = values?.next(in: bytes.readableBytesUInt8Span)
        }

        /// Writes the values that stand where none was expected, as a server may have an order of its own.
        mutating func writeRest(into output: inout ByteBuffer) {
            guard let next else { return }
            output.writeBytes(bytes.readableBytesSpan.extracting(next.place.offset..<lastLine))
            self.next = nil
        }

        func writeLastLine(into output: inout ByteBuffer) {
            output.writeBytes(bytes.readableBytesSpan.extracting(lastLine..<bytes.readableBytes))
        }
    }

    private let plan: Plan
    private var parts: [Part?]

    init(_ plan: Plan) {
        self.plan = plan
        parts = Array(repeating: nil, count: plan.lines.count)
        super.init(parts: plan.lines.count)
    }

    override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) { parts[Int(part)] = Part(reply) }

    override func write(into output: inout ByteBuffer) {
        let keys = plan.keys
        for (key, part) in plan.owners {
            parts[part]?.writeNext(keys.readableBytesUInt8Span.extracting(key.range), into: &output)
        }
        for index in parts.indices { parts[index]?.writeRest(into: &output) }
        if let failed = parts.lazy.compactMap({ $0 }).first(where: \.isError) {
            failed.writeLastLine(into: &output)
        } else {
            output.writeStaticString("END\r\n")
        }
    }
}

extension Span<UInt8> {
    fileprivate func isSame(as other: borrowing Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
