// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// What goes out: a request's head, and its body as fast as the upstream takes it.
extension HTTPUpstreamConnection {
    func writeRequest(_ request: HTTPRequest, _ bound: NIOLoopBound<HTTPUpstreamConnection>) {
        switch request.body {
        case .bytes(let bytes):
            isUploaded = true
            var out = headBytes(request.head, length: bytes.readableBytes, capacity: bytes.readableBytes)
            if bytes.readableBytes <= HTTPAnswerHead.joinedBytesMax {
                out.writeImmutableBuffer(bytes)
                write(out)
            } else {
                write(out)
                write(bytes)
            }
            context?.flush()
        case .stream(let stream):
            isUploaded = false
            let length = request.head.fields["content-length"].flatMap { Int($0) }
            write(headBytes(request.head, length: nil, capacity: 0))
            context?.flush()
            upload = Task.immediate(executorPreference: executor) {
                await bound.value.upload(stream, HTTPOutgoingBody(length.map { .length($0) } ?? .chunked))
            }
        }
    }

    private func headBytes(_ head: HTTPRequestHead, length: Int?, capacity: Int) -> ByteBuffer {
        var head = head
        if !head.fields.contains("host") { head.fields.append("host", host) }
        if let length {
            if length > 0 || head.method.usuallyHasBody { head.fields.append("content-length", "\(length)") }
        } else if !head.fields.contains("content-length") {
            head.fields.append("transfer-encoding", "chunked")
        }
        var bytes = ByteBufferAllocator().buffer(capacity: 64 + head.fields.byteCount + capacity)
        bytes.writeHTTPHead(head)
        return bytes
    }

    // MARK: - A body that is still coming

    private func upload(_ stream: HTTPBodyStream, _ body: HTTPOutgoingBody) async {
        let number = exchangeNumber
        var body = body
        do {
            while let part = try await stream.next() {
                guard let pieces = body.pieces(part), await writePart(pieces, number) else {
                    return breakUpload(number)
                }
            }
        } catch { return breakUpload(number) }
        guard isUploading(number), let end = body.end() else { return breakUpload(number) }
        write(end)
        context?.flush()
        isUploaded = true
        finishIfOver()
    }

    private func isUploading(_ number: Int) -> Bool { isBusy && number == exchangeNumber }

    /// The request can't be completed, so the upstream must not take it for complete.
    private func breakUpload(_ number: Int) {
        guard isUploading(number) else { return }
        fail(.cancelled)
        close()
    }

    private func writePart(_ pieces: [ByteBuffer], _ number: Int) async -> Bool {
        guard isUploading(number), let context, isOpen else { return false }
        for piece in pieces { write(piece) }
        context.flush()
        // The flush may have found out that the connection is closed; nobody would wake a writer after that.
        guard isUploading(number), isOpen else { return false }
        if context.channel.isWritable { return true }
        return await withCheckedContinuation { writer = $0 }
    }

    func stopUpload() {
        upload?.cancel()
        upload = nil
        writer?.resume(returning: false)
        writer = nil
    }

    private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            writer?.resume(returning: true)
            writer = nil
        }
        context.fireChannelWritabilityChanged()
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
