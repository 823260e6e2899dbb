// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// What goes out: a request's head, and its body as fast as the upstream takes it.
extension HTTPUpstreamExchange {
    func writeRequest(_ connection: RelayConnection) {
        switch request.body {
        case .bytes(let bytes):
            let isJoined = bytes.readableBytes <= HTTPAnswerHead.joinedBytesMax
            var out = head(length: bytes.readableBytes, room: isJoined ? bytes.readableBytes : 0)
            if isJoined { out.writeImmutableBuffer(bytes) }
            connection.write(out)
            if !isJoined { connection.write(bytes) }
        case .stream(let stream):
            isUploaded = false
            connection.write(head(length: nil, room: 0))
            // The write may have found out that the connection is closed.
            guard phase != .over else { return }
            let length = request.head.fields["content-length"].flatMap { Int($0) }
            let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
            upload = Task.immediate(executorPreference: executor) {
                await bound.value.upload(stream, HTTPOutgoingBody(length.map { .length($0) } ?? .chunked))
            }
        }
    }

    /// - Parameter length: of the body; nil if it is still coming.
    private func head(length: Int?, room: Int) -> ByteBuffer {
        let head = request.head
        var bytes = ByteBufferAllocator().buffer(capacity: 192 + head.fields.byteCount + room)
        bytes.beginHTTPHead(head)
        if !head.fields.contains("host") { bytes.writeHTTPField("host", upstream.host) }
        if let length {
            if length > 0 || head.method.usuallyHasBody { bytes.writeHTTPField("content-length", "\(length)") }
        } else if !head.fields.contains("content-length") {
            bytes.writeHTTPField("transfer-encoding", "chunked")
        }
        bytes.endHTTPHead()
        return bytes
    }

    // MARK: - A body that is still coming

    private func upload(_ stream: HTTPBodyStream, _ body: HTTPOutgoingBody) async {
        var body = body
        do {
            while let part = try await stream.next() {
                guard let pieces = body.pieces(part), await write(pieces) else { return end(.cancelled) }
            }
        } catch { return end(.cancelled) }
        // The upstream must not take what isn't complete for complete.
        guard let connection, let last = body.end() else { return end(.cancelled) }
        isUploaded = true
        if last.readableBytes > 0 { connection.write(last) }
    }

    private func write(_ pieces: [ByteBuffer]) async -> Bool {
        for piece in pieces { connection?.write(piece) }
        // A write may have found out that the connection is closed; nobody would wake a writer after that.
        guard let connection, connection.isOpen else { return false }
        if connection.isWritable { return true }
        return await withCheckedContinuation { writer = $0 }
    }

    func stopUpload() {
        upload?.cancel()
        upload = nil
        writer?.resume(returning: false)
        writer = nil
    }

    func writabilityChanged(_ connection: RelayConnection) {
        guard connection.isWritable else { return }
        writer?.resume(returning: true)
        writer = nil
    }
}

extension HTTPMethod {
    /// Whether a server may wait for a body, so that its absence is to be said (RFC 9110, section 8.6).
    fileprivate var usuallyHasBody: Bool {
        switch self {
        case .post, .put, .patch: true
        case .get, .head, .delete, .options, .trace, .connect, .other: false
        }
    }
}
