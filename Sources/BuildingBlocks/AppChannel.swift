// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The way in which building blocks call the app: one request, one answer, both whole in memory.
///
/// Whoever implements it adds what every call to the app carries, such as the app's API token, and holds back calls
/// beyond the app's concurrency. It doesn't retry.
package protocol AppChannel: Sendable {
    func send(_ request: AppRequest) async throws(AppChannelError) -> AppResponse
}

/// A request to the app.
package struct AppRequest: Sendable, Equatable {
    /// An app that hasn't answered by then is taken to be stuck.
    package static let timeoutDefault = Duration.seconds(60)
    /// The largest answer that is read.
    package static let responseBytesMaxDefault = 4 << 20

    package var method: String
    /// The path with its query.
    package var path: String
    package var headers: [MessageHeader]
    package var body: ByteBuffer
    package var timeout: Duration = Self.timeoutDefault
    package var responseBytesMax = Self.responseBytesMaxDefault

    package init(_ method: String, _ path: String, headers: [MessageHeader] = [], body: ByteBuffer = ByteBuffer()) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// What the app answered, whatever the status.
package struct AppResponse: Sendable, Equatable {
    package var status: Int
    package var headers: [MessageHeader]
    package var body: ByteBuffer

    package init(status: Int, headers: [MessageHeader] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why there is no answer of the app. Its description holds nothing that was sent.
package struct AppChannelError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Nobody listens, or the connection ended before an answer began.
        case unreachable
        case timedOut
        case responseTooLarge
        /// What came isn't HTTP, or ended in the middle.
        case responseInvalid
        /// A named limit of waiting calls is reached.
        case overloaded
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
