// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHPACK
import NIOHTTP2
import NIOPosix

/// A client of HTTP/2 in clear text: one connection, a stream for each call.
package final class HTTP2Client: Sendable {
    /// What came back, whole.
    package struct Answer: Sendable {
        package var head: HPACKHeaders = [:]
        package var body = ByteBuffer()
        /// What stood behind the body.
        package var trailers: HPACKHeaders?
        /// The code with which the stream was reset; nil if it ended in order.
        package var resetCode: Int?

        package var status: String? { head.first(name: ":status") }
        /// A field of the trailers, or of an answer that is nothing but its head.
        package func ending(_ name: String) -> String? { (trailers ?? head).first(name: name) }
    }

    private let channel: any Channel
    private let streams: NIOHTTP2Handler.StreamMultiplexer

    /// One that isn't strict also sends what no good client would.
    package init(port: Int, isStrict: Bool = true) async throws {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        let channel = channel
        streams = try await channel.eventLoop.submit {
            var connection = NIOHTTP2Handler.ConnectionConfiguration()
            connection.headerBlockValidation = isStrict ? .enabled : .disabled
            return try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                mode: .client, connectionConfiguration: connection, streamConfiguration: .init()
            ) { $0.close() }
        }.get()
    }

    package func close() async { try? await channel.close() }

    /// Calls; what `parts` gives is sent as its body, whose end is sent unless `staysOpen`.
    package func call(
        _ path: String, _ fields: HPACKHeaders = [:], _ parts: [ByteBuffer] = [], staysOpen: Bool = false
    ) async throws -> Answer {
        try await begin(path, fields, parts, staysOpen: staysOpen).answer()
    }

    /// Begins a call, and leaves its answer for later.
    package func begin(
        _ path: String, _ fields: HPACKHeaders = [:], _ parts: [ByteBuffer] = [], staysOpen: Bool = false
    ) async throws -> HTTP2ClientCall {
        let done = channel.eventLoop.makePromise(of: Answer.self)
        let ended = channel.eventLoop.makePromise(of: Int?.self)
        let stream: any Channel
        do {
            stream = try await streams.createStreamChannel { stream in
                stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandler(AnswerReader(done, ended))
                }
            }.get()
        } catch {
            done.fail(error)
            ended.fail(error)
            throw error
        }
        var head: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":authority": "test", ":path": path,
            "content-type": "application/grpc", "te": "trailers",
        ]
        head.add(contentsOf: fields)
        let isWhole = parts.isEmpty && !staysOpen
        stream.write(HTTP2Frame.FramePayload.headers(.init(headers: head, endStream: isWhole)), promise: nil)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1 && !staysOpen
            stream.write(
                HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(part), endStream: isLast)), promise: nil)
        }
        stream.flush()
        return HTTP2ClientCall(stream: stream, done: done.futureResult, ended: ended.futureResult)
    }
}

/// A call that is under way.
package struct HTTP2ClientCall: Sendable {
    fileprivate let stream: any Channel
    fileprivate let done: EventLoopFuture<HTTP2Client.Answer>

    fileprivate let ended: EventLoopFuture<Int?>

    package func answer() async throws -> HTTP2Client.Answer { try await done.get() }

    /// Returns when the stream has ended on both sides: the code with which it was reset, nil if it ended in order.
    package func resetCode() async throws -> Int? { try await ended.get() }

    /// Resets the stream, as a client does that cancels.
    package func cancel() { stream.close(promise: nil) }
}

private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload

    private let done: EventLoopPromise<HTTP2Client.Answer>
    private let ended: EventLoopPromise<Int?>
    private var answer = HTTP2Client.Answer()

    init(_ done: EventLoopPromise<HTTP2Client.Answer>, _ ended: EventLoopPromise<Int?>) {
        self.done = done
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            if answer.head.isEmpty { answer.head = headers.headers } else { answer.trailers = headers.headers }
            if headers.endStream { done.succeed(answer) }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data { answer.body.writeImmutableBuffer(bytes) }
            if data.endStream { done.succeed(answer) }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.resetCode = (error as? NIOHTTP2Errors.StreamClosed)?.errorCode.networkCode ?? -1
        done.succeed(answer)
        ended.succeed(answer.resetCode)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.succeed(answer)
        ended.succeed(nil)
    }
}
