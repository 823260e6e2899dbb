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

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { messages = HTTPMessageReader(.request, limits) }

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
        guard try messages.readHead() else { return nil }
        let scan = messages.scan
        let method = messages.bytes { HTTPMethod($0.extracting(scan.method)) }
        let target = messages.text(scan.target)
        // What came in absolute form may have no path.
        let path = target.isEmpty || target.utf8.first == UInt8(ascii: "?") ? "/\(target)" : target
        let fields = messages.takeFields()
        messages.beginBody(scan.requestFraming)
        return .head(HTTPRequestHead(method, path, version: scan.version, fields: fields))
    }
}

/// As `HTTPRequestDecoder`, for responses. Each final response needs its request's method told before it.
package struct HTTPResponseDecoder: Sendable {
    private var messages: HTTPMessageReader
    /// The method of the request whose response is read next.
    package var method = HTTPMethod.get

    package init(_ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) { messages = HTTPMessageReader(.response, limits) }

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
        guard try messages.readHead() else { return nil }
        let scan = messages.scan
        let status = HTTPStatus(scan.status)
        // What follows it is no HTTP, and reading it as HTTP would let it pass for the answer to another request.
        guard status != .switchingProtocols else {
            throw HTTPSyntaxError("the response switches protocols, which nobody asked for")
        }
        let fields = messages.takeFields()
        // An informational response has no end of its own: the next head follows.
        if !status.isInformational { messages.beginBody(scan.responseFraming(toHead: method == .head)) }
        return .head(HTTPResponseHead(status, version: scan.version, fields: fields))
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

    init(_ kind: HTTPHeadReader.Kind, _ limits: HTTPSyntaxLimits) {
        self.limits = limits
        head = HTTPHeadReader(kind, limits)
    }

    var isInHead: Bool {
        if case .head = state { return true }
        return false
    }

    var isWithinMessage: Bool {
        switch state {
        case .head: buffer.readableBytes > 0
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
    }

    // MARK: - Head

    /// Whether the next head is complete.
    mutating func readHead() throws(HTTPSyntaxError) -> Bool { try head.read(buffer) }

    /// The parts of the head that is complete, as places in what has been read.
    var scan: HTTPHeadScan { head.scan }

    func bytes<Result>(_ body: (borrowing Span<UInt8>) -> Result) -> Result { body(buffer.readableBytesUInt8Span) }

    func text(_ range: Range<Int>) -> String {
        // Safe: the head's parts lie within the buffer until its fields are taken.
        buffer.getString(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ""
    }

    /// The fields of the head that is complete; the next one can begin.
    mutating func takeFields() -> HTTPFields { head.takeFields(&buffer) }

    // MARK: - Body

    mutating func beginBody(_ framing: HTTPFraming) {
        switch framing {
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
