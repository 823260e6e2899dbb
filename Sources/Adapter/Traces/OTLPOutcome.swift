// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP
import WireJSON

/// What became of a batch that was sent.
enum OTLPOutcome: Equatable {
    /// The collector has it, but for so many spans that it refused, with its reason.
    case taken(refused: Int, reason: String)
    /// It may be sent again, not before the time that the collector has asked for.
    case retryable(String, after: Duration?)
    /// Sending it again would change nothing.
    case refused(String)

    /// What a response says (OTLP specification, section "OTLP/HTTP Response").
    init(_ head: HTTPResponseHead, _ body: ByteBuffer?) {
        switch head.status.code {
        case 200..<300: self = Self.taken(head, body)
        case 429, 502, 503, 504:
            self = .retryable("status \(head.status.code)", after: Self.pause(head.fields["retry-after"]))
        default: self = .refused("status \(head.status.code)")
        }
    }

    /// A longer time than this isn't waited for: the queue would be full long before.
    static let pauseMax = Duration.seconds(30)

    /// `Retry-After` in seconds. A date counts for nothing, because the clocks of two machines differ.
    private static func pause(_ text: String?) -> Duration? {
        guard let text, let seconds = UInt32(text) else { return nil }
        return min(.seconds(Int64(seconds)), pauseMax)
    }

    /// A success may still name spans that the collector didn't want (`partialSuccess`). An answer that isn't JSON says
    /// nothing about them.
    private static func taken(_ head: HTTPResponseHead, _ body: ByteBuffer?) -> OTLPOutcome {
        var refused = 0
        var reason = ""
        guard let body, head.fields["content-type"]?.lowercased().hasPrefix("application/json") == true else {
            return .taken(refused: 0, reason: "")
        }
        let isRead = body.withUnsafeReadableBytes { bytes in
            do throws(JSONError) {
                (refused, reason) = try JSONReader.read(bytes, readPartialSuccess)
                return true
            } catch { return false }
        }
        return isRead ? .taken(refused: refused, reason: reason) : .taken(refused: 0, reason: "")
    }

    private static func readPartialSuccess(_ json: inout JSONReader) throws(JSONError) -> (Int, String) {
        var refused = 0
        var reason = ""
        try json.object { key, json throws(JSONError) in
            guard key == "partialSuccess", try json.peek() == .object else { return try json.skip() }
            try json.object { key, json throws(JSONError) in
                switch (key, try json.peek()) {
                case ("rejectedSpans", .string): refused = Int(try json.string()) ?? 0
                case ("rejectedSpans", .number): refused = Int(try json.integer())
                case ("errorMessage", .string): reason = try json.string()
                default: try json.skip()
                }
            }
        }
        return (max(refused, 0), reason)
    }
}
