// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Proxying
import WireHTTP

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

extension AppChannel {
    package var isHealthy: Bool { true }

    package func send(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
        var fields = HTTPFields()
        for header in request.headers where HTTPFields.isName(header.name) { fields.append(header.name, header.value) }
        let head = HTTPRequestHead(HTTPMethod(request.method), request.path, fields: fields)
        let nanoseconds = TimeAmount.nanoseconds(Int64(request.timeout / .nanoseconds(1)))
        let call = try await call(HTTPRequest(head, body: .bytes(request.body)), within: nanoseconds)
        let body = try await whole(call.response.body, request)
        let answered = call.response.head
        let headers = (0..<answered.fields.count).map {
            MessageHeader(answered.fields.name(at: $0), answered.fields.value(at: $0))
        }
        return AppResponse(status: answered.status.code, headers: headers, body: body)
    }

    private func whole(_ body: HTTPBody, _ request: AppRequest) async throws(AppChannelError) -> ByteBuffer {
        let limit = request.responseBytesMax
        let collected: Result<ByteBuffer?, HTTPBodyError>?
        switch body {
        case .bytes(let bytes): collected = .success(bytes.readableBytes <= limit ? bytes : nil)
        case .stream: collected = await Self.collect(body, upTo: limit, within: request.timeout)
        }
        switch collected {
        case .success(let bytes?): return bytes
        case .success(nil):
            throw AppChannelError(.responseTooLarge, "the app's answer is larger than \(limit) bytes")
        case .failure: throw AppChannelError(.responseInvalid, "the app's answer was cut off")
        case nil: throw AppChannelError(.timedOut, "the app's answer didn't end in time")
        }
    }

    /// The body, or nil if it takes too long.
    private static func collect(
        _ body: HTTPBody, upTo limit: Int, within timeout: Duration
    ) async -> Result<ByteBuffer?, HTTPBodyError>? {
        await withTaskGroup(of: Result<ByteBuffer?, HTTPBodyError>?.self) { group in
            group.addTask {
                do throws(HTTPBodyError) {
                    return .success(try await body.collect(upTo: limit))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
