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
/// After an error nothing more can be read, because where the next message begins isn't known.
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
        if !messages.isInHead { return try messages.nextBodyPart() }
        guard let head = try messages.readHead() else { return nil }
        let (method, target, version) = try messages.startLine { (line) throws(HTTPSyntaxError) in
            try HTTPStartLine.request(line)
        }
        guard version == .http10 || head.framing.hosts == 1 else { throw HTTPSyntaxError("there is not one Host") }
        let body = try head.framing.ofRequest(version)
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
        if !messages.isInHead { return try messages.nextBodyPart() }
        guard let head = try messages.readHead() else { return nil }
        let (status, version) = try messages.startLine { (line) throws(HTTPSyntaxError) in
            try HTTPStartLine.response(line)
        }
        let body = try head.framing.ofResponse(status, to: method, version)
        let fields = messages.takeFields()
        // An informational response has no end of its own: the next head follows.
        if !status.isInformational { messages.beginBody(body) } else { messages.beginHead() }
        return .head(HTTPResponseHead(status, version: version, fields: fields))
    }

    /// The connection has ended: true if that ends the response that is being read, false if it cuts it off.
    package mutating func endOfInput() -> Bool { messages.endOfInput() }
}

/// What requests and responses have in common.
struct HTTPMessageReader: Sendable {
    private enum State: Sendable {
        case head(HTTPHeadReader)
        case none
        case length(Int)
        case chunked(HTTPChunkReader)
        case untilClose
        case closed
    }

    private let limits: HTTPSyntaxLimits
    private(set) var buffer = ByteBuffer()
    private var state: State

    init(_ limits: HTTPSyntaxLimits) {
        self.limits = limits
        state = .head(HTTPHeadReader(limits, hasStartLine: true))
    }

    var isInHead: Bool {
        if case .head = state { return true }
        return false
    }

    var isWithinMessage: Bool {
        if case .head(let reader) = state { return reader.hasBegun || buffer.readableBytes > 0 }
        return true
    }

    mutating func feed(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
    }

    // MARK: - Head

    mutating func readHead() throws(HTTPSyntaxError) -> HTTPHeadReader? {
        guard case .head(var reader) = state, buffer.readableBytes > 0 else { return nil }
        // The state lets go of the reader while it works, so that its list isn't copied.
        state = .none
        let isOver = try reader.read(buffer)
        state = .head(reader)
        return isOver ? reader : nil
    }

    func startLine<Line>(
        _ body: (borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Line
    ) throws(HTTPSyntaxError) -> Line {
        guard case .head(let reader) = state, let line = reader.startLine else {
            throw HTTPSyntaxError("there is no first line")
        }
        return try body(buffer.readableBytesUInt8Span.extracting(line))
    }

    mutating func takeFields() -> HTTPFields {
        guard case .head(var reader) = state else { return HTTPFields() }
        return reader.takeFields(&buffer)
    }

    mutating func beginHead() { state = .head(HTTPHeadReader(limits, hasStartLine: true)) }

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
        case .none:
            beginHead()
            return .end(HTTPFields())
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
            case .end(let trailer):
                beginHead()
                return .end(trailer)
            }
        case .untilClose:
            guard buffer.readableBytes > 0 else { return nil }
            defer { buffer = ByteBuffer() }
            return .body(buffer)
        case .head, .closed: return nil
        }
    }

    mutating func endOfInput() -> Bool {
        defer { state = .closed }
        switch state {
        case .untilClose, .none: return true
        case .head(let reader): return !reader.hasBegun
        case .length, .chunked, .closed: return false
        }
    }
}
