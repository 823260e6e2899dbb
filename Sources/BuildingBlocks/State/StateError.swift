// SPDX-License-Identifier: Apache-2.0

/// Why a state store refused or failed. Its description is safe to show to any caller: it holds no value and no secret.
package struct StateError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The key's ETag is another one, or the key exists although the first write should win.
        case etagMismatch
        /// The ETag has a form that this store never makes.
        case etagInvalid
        /// The disk or the store is full; nothing was written, and a later try may succeed.
        case storageFull
        /// The store can be read but not written.
        case readOnly
        /// The store's file is damaged and is not served any more.
        case corrupt
        /// The value or the batch is larger than the store takes.
        case tooLarge
        /// A named limit of waiting requests is reached.
        case overloaded
        /// The store can't be reached, or is shutting down.
        case unavailable
        /// The engine failed in a way that has no name above.
        case failed
    }

    /// Who has to act.
    package enum Origin: Sendable { case application, upstream, runtime }

    package var code: Code
    /// What happened, without values or secrets; for `corrupt` it names the file.
    package var description: String
    /// The key as the engine knows it, when one key is meant.
    package var key: String?
    package var cause: (any Error)?

    package init(_ code: Code, _ description: String, key: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.description = description
        self.key = key
        self.cause = cause
    }

    package var origin: Origin {
        switch code {
        case .etagMismatch, .etagInvalid, .tooLarge: .application
        case .storageFull, .readOnly, .corrupt, .unavailable: .upstream
        case .overloaded, .failed: .runtime
        }
    }

    /// Whether the same request can succeed later without anybody changing it.
    package var isRetryable: Bool {
        switch code {
        case .storageFull, .overloaded, .unavailable: true
        case .etagMismatch, .etagInvalid, .readOnly, .corrupt, .tooLarge, .failed: false
        }
    }
}
