// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// Where Redis' replies end, and which of them say that the server can serve nobody.
struct RESPFraming {
    private var scanner = RESPReplyScanner()

    @inline(__always)
    mutating func scan(_ bytes: borrowing Span<UInt8>) -> ReplyScan {
        switch scanner.scan(bytes) {
        case .complete(let reply):
            .complete(
                length: reply.length, kind: reply.isError ? Self.kind(ofError: bytes) : reply.isPush ? .push : .value)
        case .incomplete(let missing): .incomplete(missing: missing)
        case .malformed(let error): .malformed(error.description)
        case .inline: .malformed("a line that is no reply")
        }
    }

    /// As many of the `count` bytes that were looked at as needn't come again.
    mutating func forget(_ count: Int) -> Int { scanner.forget(count) }

    /// The errors that twemproxy counts as failures of the server.
    private static let incapacities = ["-OOM ", "-BUSY ", "-LOADING "].map { Array($0.utf8) }

    private static func kind(ofError bytes: borrowing Span<UInt8>) -> ReplyKind {
        for text in incapacities where bytes.begins(with: text) { return .incapacity }
        return .refusal
    }
}

extension Span<UInt8> {
    func begins(with text: [UInt8]) -> Bool {
        guard count >= text.count else { return false }
        for index in text.indices where self[index] != text[index] { return false }
        return true
    }
}
