// SPDX-License-Identifier: Apache-2.0

/// How a call of gRPC ended, as its trailers say it.
package struct GRPCStatus: Error, Sendable, Equatable {
    /// The codes that gRPC has, by their numbers.
    package enum Code: Int, Sendable, CaseIterable {
        case ok, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated

        /// gRPC's own name, such as `NOT_FOUND`.
        package var name: String { Self.names[rawValue] }

        private static let names = [
            "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
            "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
            "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
        ]
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message as a field holds it: bytes that aren't visible ASCII, and `%`, are percent-encoded.
    package var encodedMessage: String {
        guard !message.utf8.allSatisfy(Self.isPlain) else { return message }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in message.utf8 {
            if Self.isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "%")
    }
}

extension GRPCStatus.Code {
    /// What a code of RST_STREAM means to gRPC (its specification of HTTP/2, "Errors"); 11 is ENHANCE_YOUR_CALM.
    package init(resetCode: Int) {
        self =
            switch resetCode {
            case 0x07: .unavailable
            case 0x08: .cancelled
            case 0x0B: .resourceExhausted
            case 0x0C: .permissionDenied
            default: .internal
            }
    }
}
