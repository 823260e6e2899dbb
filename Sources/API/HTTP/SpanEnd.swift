// SPDX-License-Identifier: Apache-2.0

import Proxying
import Synchronization
import Telemetry

/// The end of a span, which comes when nobody holds this any more: behind the last part of an answer, or when an answer
/// is let go of before that.
final class SpanEnd: Sendable {
    private let span: ActiveSpan
    private let name: String
    private let attributes: [TraceSpan.Attribute]
    private let status: Mutex<TraceSpan.Status>

    init(_ span: ActiveSpan, _ name: String, _ status: TraceSpan.Status, _ attributes: [TraceSpan.Attribute]) {
        self.span = span
        self.name = name
        self.attributes = attributes
        self.status = Mutex(status)
    }

    deinit { span.end(name, status: status.withLock { $0 }, attributes) }

    func fail(_ reason: String) { status.withLock { $0 = .failed(reason) } }
}

extension HTTPResponse {
    /// Lets a span end with the answer's last part. One that breaks off has failed, whatever its head said.
    mutating func end(_ spanEnd: SpanEnd) {
        guard case .stream(let length, let write) = body else { return }
        body = .stream(length: length) { writer in
            do { try await write(writer) } catch {
                spanEnd.fail("the answer broke off")
                throw error
            }
        }
    }
}
