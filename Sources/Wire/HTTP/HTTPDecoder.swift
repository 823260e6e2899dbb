// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// A part of a message, in the order in which they come.
package enum HTTPPart<Head: Sendable>: Sendable {
    case head(Head)
    case body(ByteBuffer)
    /// The end, with the trailer of a chunked body.
    case end(HTTPFields)
}

/// The bytes of one direction of a connection become messages: fed with what was read, asked for the next part.
///
/// After an error there are no more parts, because where the next message begins isn't known.
package struct HTTPRequestDecoder: Sendable {
    private var messages: HTTPMessageReader

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { messages = HTTPMessageReader(limits) }

    /// Bytes that were fed and haven't become a part yet.
    package var bufferedBytes: Int { messages.buffer.readableBytes }
    /// Whether some bytes of the next message have come.
    package var isWithinMessage: Bool { messages.isWithinMessage }

    package mutating func feed(_ bytes: ByteBuffer) { messages.feed(bytes) }

    /// The next part; nil if more bytes are needed for it.
    package mutating func next() throws(HTTPSyntaxError) -> HTTPPart<HTTPRequestHead>? {
        do throws(HTTPSyntaxError) {
            return try messages.isInHead ? nextHead() : messages.nextBodyPart()
        } catch {
            messages.end()
            throw error
        }
    }

    private mutating func nextHead() throws(HTTPSyntaxError) -> HTTPPart<HTTPRequestHead>? {
        guard let framing = try messages.readHead() else { return nil }
        let (method, target, version) = try messages.startLine { (line) throws(HTTPSyntaxError) in
            try HTTPStartLine.request(line)
        }
        guard framing.hosts == 1 || (framing.hosts == 0 && version == .http10) else {
            throw HTTPSyntaxError("there is not one Host")
        }
        let body = try framing.ofRequest(version)
        var fields = messages.takeFields()
        if let authority = target.authority { fields["host"] = authority }
        messages.beginBody(body)
        return .head(HTTPRequestHead(method, target.text, version: version, fields: fields))
    }
}

/// As `HTTPRequestDecoder`, for responses. Each final response needs its request's method told before it.
package struct HTTPResponseDecoder: Sendable {
    private var messages: HTTPMessageReader
    /// The method of the request whose response is read next.
    package var method = HTTPMethod.get

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { messages = HTTPMessageReader(limits) }

    package var isWithinMessage: Bool { messages.isWithinMessage }
    package mutating func feed(_ bytes: ByteBuffer) { messages.feed(bytes) }

    package mutating func next() throws(HTTPSyntaxError) -> HTTPPart<HTTPResponseHead>? {
        do throws(HTTPSyntaxError) {
            return try messages.isInHead ? nextHead() : messages.nextBodyPart()
        } catch {
            messages.end()
            throw error
        }
    }

    private mutating func nextHead() throws(HTTPSyntaxError) -> HTTPPart<HTTPResponseHead>? {
        guard let framing = try messages.readHead() else { return nil }
        let (status, version) = try messages.startLine { (line) throws(HTTPSyntaxError) in
            try HTTPStartLine.response(line)
        }
        // What follows it is no HTTP, and reading it as HTTP would let it pass for the answer to another request.
        guard status != .switchingProtocols else {
            throw HTTPSyntaxError("the response switches protocols, which nobody asked for")
        }
        let body = try framing.ofResponse(status, to: method, version)
        let fields = messages.takeFields()
        // An informational response has no end of its own: the next head follows.
        if !status.isInformational { messages.beginBody(body) }
        return .head(HTTPResponseHead(status, version: version, fields: fields))
    }

    /// The connection has ended: true if that ends the response that is being read, false if it cuts it off. Whatever
    /// was fed before has to be taken before.
    package mutating func endOfInput() -> Bool {
        defer { messages.end() }
        return messages.isWholeAtEndOfInput
    }
}

/// What requests and responses have in common.
struct HTTPMessageReader: Sendable {
    private enum State: Sendable {
        case head
        case none
        case length(Int)
        case chunked(HTTPChunkReader)
        case untilClose
        case ended
    }

    private let limits: HTTPSyntaxLimits
    private(set) var buffer = ByteBuffer()
    private var state = State.head
    private var head: HTTPHeadReader

    init(_ limits: HTTPSyntaxLimits) {
        self.limits = limits
        head = HTTPHeadReader(limits, hasStartLine: true)
    }

    var isInHead: Bool {
        if case .head = state { return true }
        return false
    }

    var isWithinMessage: Bool {
        switch state {
        case .head: head.hasBegun || buffer.readableBytes > 0
        case .ended: false
        case .none, .length, .chunked, .untilClose: true
        }
    }

    mutating func feed(_ bytes: ByteBuffer) {
        if case .ended = state { return }
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            // Else a stream whose reads never end where a part ends would be kept from its beginning.
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Nothing more is read.
    mutating func end() {
        state = .ended
        buffer = ByteBuffer()
        head = HTTPHeadReader(limits, hasStartLine: true)
    }

    // MARK: - Head

    /// What the fields say about the body, once the head is complete.
    mutating func readHead() throws(HTTPSyntaxError) -> HTTPFraming? {
        guard buffer.readableBytes > 0, try head.read(buffer) else { return nil }
        return head.framing
    }

    func startLine<Line>(
        _ body: (borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Line
    ) throws(HTTPSyntaxError) -> Line {
        guard let line = head.startLine else { throw HTTPSyntaxError("there is no first line") }
        return try body(buffer.readableBytesUInt8Span.extracting(line))
    }

    /// The fields of the head that is complete; the next one can begin.
    mutating func takeFields() -> HTTPFields {
        let fields = head.takeFields(&buffer)
        head = HTTPHeadReader(limits, hasStartLine: true)
        return fields
    }

    // MARK: - Body

    mutating func beginBody(_ body: HTTPFraming.Body) {
        switch body {
        case .none: state = .none
        case .length(let count): state = .length(count)
        case .chunked: state = .chunked(HTTPChunkReader(limits))
        case .untilClose: state = .untilClose
        }
    }

    mutating func nextBodyPart<Head>() throws(HTTPSyntaxError) -> HTTPPart<Head>? {
        switch state {
        case .none: return endMessage(HTTPFields())
        case .length(let remaining):
            let count = min(remaining, buffer.readableBytes)
            guard count > 0, let part = buffer.readSlice(length: count) else { return nil }
            state = count == remaining ? .none : .length(remaining - count)
            return .body(part)
        case .chunked(var reader):
            let step = try reader.next(&buffer)
            state = .chunked(reader)
            switch step {
            case .needsMore: return nil
            case .data(let part): return .body(part)
            case .end(let trailer): return endMessage(trailer)
            }
        case .untilClose:
            guard buffer.readableBytes > 0 else { return nil }
            defer { buffer = ByteBuffer() }
            return .body(buffer)
        case .head, .ended: return nil
        }
    }

    private mutating func endMessage<Head>(_ trailer: HTTPFields) -> HTTPPart<Head> {
        state = .head
        // A connection that waits for its next message holds no memory, which whoever reads the socket can use again.
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
        return .end(trailer)
    }

    var isWholeAtEndOfInput: Bool {
        switch state {
        case .untilClose, .none: true
        case .head: !isWithinMessage
        case .length, .chunked, .ended: false
        }
    }
}
