// SPDX-License-Identifier: Apache-2.0

import NIOHPACK
import NIOHTTP2
import Proxying
import WireGRPC

extension HPACKHeaders {
    /// Whether a request is one of gRPC.
    var isGRPC: Bool { first(name: "content-type")?.hasPrefix("application/grpc") ?? false }

    /// `/SERVICE/METHOD`.
    var grpcPath: String { first(name: ":path") ?? "" }

    /// The code that an answer ended with; `unknown` if it didn't say.
    var grpcCode: GRPCStatus.Code {
        first(name: "grpc-status").flatMap { Int($0) }.flatMap { GRPCStatus.Code(rawValue: $0) } ?? .unknown
    }

    /// What stands behind a body.
    init(trailers status: GRPCStatus) {
        self = ["grpc-status": "\(status.code.rawValue)", "grpc-message": status.encodedMessage]
    }

    /// An answer that is nothing but its status.
    init(status: GRPCStatus) {
        self = [":status": "200", "content-type": "application/grpc"]
        add(contentsOf: HPACKHeaders(trailers: status))
    }
}

extension HTTP2Call {
    /// Answers with nothing but a status.
    func fail(_ status: GRPCStatus) { answer(HPACKHeaders(status: status)) }

    /// Waits for the end of the answer that another passes on, and gives it one if it broke off.
    func ended(by name: String) async -> GRPCStatus.Code {
        switch await finished() {
        case .complete(let fields): return fields.grpcCode
        case .gone: return .cancelled
        case .broken(let code):
            let status = GRPCStatus(lost: code, "the answer of \(name) broke off")
            answer(HPACKHeaders(trailers: status))
            return status.code
        }
    }
}

extension GRPCStatus {
    /// A stream that was reset says why; a connection that was lost may be there again soon.
    init(lost code: HTTP2ErrorCode?, _ sentence: String) {
        guard let code, code != .connectError else {
            self.init(.unavailable, sentence)
            return
        }
        self.init(Code(resetCode: code.networkCode), "\(sentence): \(code)")
    }
}
