// SPDX-License-Identifier: Apache-2.0

/// Why a log refused or failed. Its description is safe to show to any caller: it holds no event and no secret.
package struct EventLogError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The stream isn't where the append expected it.
        case expectationFailed
        /// An event with this id was appended to the stream before, with other content or at another revision; or the
        /// append has the id twice.
        case idConflict
        /// The disk or the log is full; nothing was written, and a later try may succeed.
        case storageFull
        case readOnly
        /// The log's file is damaged and is not served any more.
        case corrupt
        /// An event or an append is larger than the log takes.
        case tooLarge
        /// A named limit of waiting requests is reached.
        case overloaded
        /// The log can't be reached, or is shutting down.
        case unavailable
        case failed
    }

    package var code: Code
    package var description: String
    /// The revision of the stream's last event, where an expectation failed; -1 if there is none.
    package var lastRevision: Int64?

    package init(_ code: Code, _ description: String, lastRevision: Int64? = nil) {
        self.code = code
        self.description = description
        self.lastRevision = lastRevision
    }

    /// Whether the same request can succeed later without anybody changing it.
    package var isRetryable: Bool {
        switch code {
        case .storageFull, .overloaded, .unavailable: true
        case .expectationFailed, .idConflict, .readOnly, .corrupt, .tooLarge, .failed: false
        }
    }
}
