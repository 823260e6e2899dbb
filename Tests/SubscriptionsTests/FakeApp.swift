// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Proxying
import Synchronization

/// An app that answers as it is told to, and remembers what it was sent.
final class FakeApp: AppChannel {
    typealias Answer = @Sendable (AppRequest) -> Result<AppResponse, AppChannelError>

    private let answer: Answer
    private let received = Mutex<[AppRequest]>([])

    init(_ answer: @escaping Answer) { self.answer = answer }

    convenience init(status: Int, body: String = "") {
        self.init { _ in .success(AppResponse(status: status, body: ByteBuffer(string: body))) }
    }

    var requests: [AppRequest] { received.withLock { $0 } }

    func call(_ request: HTTPRequest, within timeout: TimeAmount?) async throws(AppChannelError) -> AppCall {
        throw .noPort
    }

    func send(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
        received.withLock { $0.append(request) }
        return try answer(request).get()
    }
}

extension AppRequest {
    var text: String { String(buffer: body) }

    func header(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}
