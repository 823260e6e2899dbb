// SPDX-License-Identifier: Apache-2.0

import Telemetry
import WireHTTP

/// What a proxy's lines are made of, worked out once: which values are kept of a request, and what is written when.
struct AccessLogPlan: Sendable {
    enum Piece: Sendable {
        case literal([UInt8])
        /// One of the kept values.
        case kept(Int)
        /// What is known at the end.
        case known(AccessLogField)
    }

    /// A value that is kept of a head.
    struct Kept: Sendable {
        let field: AccessLogField
        /// Of a header, in lower case.
        let header: [UInt8]
        let isSecret: Bool

        init(_ field: AccessLogField) {
            self.field = field
            switch field {
            case .requestHeader(let name), .responseHeader(let name):
                header = Array(name.utf8)
                isSecret = SecretName.isSecret(name)
            default:
                header = []
                isSecret = false
            }
        }
    }

    let isJSON: Bool
    let pieces: [Piece]
    /// Those of requests first.
    let kept: [Kept]
    let requestCount: Int

    init(_ configuration: AccessLogConfiguration, proxy: String) {
        isJSON = configuration.format.isJSON
        let written = configuration.format.pieces(
            requestHeaders: configuration.requestHeaders, responseHeaders: configuration.responseHeaders)
        let fields = written.compactMap { piece -> AccessLogField? in
            guard case .field(let field) = piece else { return nil }
            return field
        }
        let ofRequest = fields.filter(\.isOfRequest)
        kept = (ofRequest + fields.filter(\.isOfResponse)).map(Kept.init)
        requestCount = ofRequest.count
        var (request, response) = (0, ofRequest.count)
        let name = AccessLogText.text(Array(proxy.utf8), isJSON: isJSON)
        pieces = written.map { piece -> Piece in
            switch piece {
            case .literal(let bytes): return .literal(bytes)
            case .field(.proxy): return .literal(name)
            case .field(let field) where field.isOfRequest:
                defer { request += 1 }
                return .kept(request)
            case .field(let field) where field.isOfResponse:
                defer { response += 1 }
                return .kept(response)
            case .field(let field): return .known(field)
            }
        }
    }

    /// Keeps what the lines say of a request.
    ///
    /// - Parameters:
    ///   - peer: the address of who connected, as text.
    ///   - client: where the head says whom the request is from, if a trusted proxy says so.
    ///   - trace: the one that it belongs to, if that isn't the head's to say.
    func keepRequest(
        _ entry: AccessLogEntry, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, peer: [UInt8],
        client: Range<Int>?, trace: TraceContext?
    ) {
        for index in 0..<requestCount {
            switch kept[index].field {
            case .client:
                if let client { entry.keep(index, bytes.extracting(client)) } else { entry.keep(index, peer.span) }
            case .peer: entry.keep(index, peer.span)
            case .method: entry.keep(index, bytes.extracting(head.method))
            case .target: entry.keep(index, bytes.extracting(head.target))
            case .path: entry.keep(index, bytes.extracting(head.path))
            case .query: if let query = head.query { entry.keep(index, bytes.extracting(query)) }
            case .host: if let host = head.host { entry.keep(index, bytes.extracting(host)) }
            case .version: entry.keep(index, head.version == .http11 ? "HTTP/1.1" : "HTTP/1.0")
            case .traceID: keepTraceID(entry, index, trace, head, bytes)
            default: keepHeader(entry, index, head, bytes)
            }
        }
    }

    /// Keeps what the lines say of a response; not called for an answer of the proxy's own.
    func keepResponse(_ entry: AccessLogEntry, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>) {
        for index in requestCount..<kept.count { keepHeader(entry, index, head, bytes) }
    }

    private func keepHeader(
        _ entry: AccessLogEntry, _ index: Int, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) {
        entry.keepHeader(index, kept[index].header, head, bytes)
        if kept[index].isSecret, entry.place(of: index) != nil { entry.keep(index, "hidden") }
    }

    /// The 32 digits behind `00-`; the rest of the field is whatever it is.
    private func keepTraceID(
        _ entry: AccessLogEntry, _ index: Int, _ trace: TraceContext?, _ head: borrowing HTTPHeadScan,
        _ bytes: borrowing Span<UInt8>
    ) {
        if let trace {
            let text = trace.text
            return entry.keep(index, text.span.extracting(3..<35))
        }
        guard head.present.contains(.traceParent) else { return }
        for field in head.fields where field.name == .traceParent {
            let value = bytes.extracting(field.valueRange)
            guard value.count >= 55, value[2] == UInt8(ascii: "-"), value[35] == UInt8(ascii: "-") else { return }
            return entry.keep(index, value.extracting(3..<35))
        }
    }
}

extension AccessLogField {
    /// Whether it must be kept when the request comes.
    var isOfRequest: Bool {
        switch self {
        case .client, .peer, .method, .target, .path, .query, .host, .version, .traceID, .requestHeader: true
        default: false
        }
    }

    var isOfResponse: Bool {
        if case .responseHeader = self { true } else { false }
    }
}
