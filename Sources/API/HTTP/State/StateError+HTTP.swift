// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import WireHTTP

/// The only place in which an error of a state store becomes a status, a code and a text.
extension StateError {
    var status: HTTPStatus {
        switch code {
        case .etagMismatch: .conflict
        case .etagInvalid, .tooLarge: .badRequest
        case .overloaded, .unavailable: .serviceUnavailable
        case .storageFull, .readOnly, .corrupt, .failed: .internalServerError
        }
    }

    /// What happened, and what the reader can do about it.
    var advice: String {
        switch code {
        case .etagMismatch: "possible etag mismatch. error from state store: \(description)"
        case .etagInvalid: "invalid etag value: \(description)"
        case .storageFull: "\(description); nothing was written: free space on the disk and try again"
        case .readOnly: "\(description); nothing was written: give the sidecar's user the right to write there"
        case .corrupt: "\(description); the file is not served: restore it from a copy, or move it away to begin anew"
        case .tooLarge: "\(description); nothing was written: store it in parts"
        case .overloaded: "\(description); try again in a moment"
        case .unavailable: "\(description); try again when the store is back"
        case .failed: description
        }
    }
}

extension APIError {
    static func stateGet(_ error: StateError, key: String, store: String) -> APIError {
        APIError(error.status, "ERR_STATE_GET", "fail to get \(key) from state store \(store): \(error.advice)")
    }

    static func stateBulkGet(_ error: StateError) -> APIError {
        let text =
            error.code == .tooLarge
            ? "the values are larger than \(StateReadLimit.bytesMax) bytes together; ask for fewer keys at once"
            : error.advice
        return APIError(error.status, "ERR_STATE_BULK_GET", text)
    }

    static func stateDelete(_ error: StateError, key: String) -> APIError {
        APIError(error.status, "ERR_STATE_DELETE", "failed deleting state with key \(key): \(error.advice)")
    }

    /// Some of the writes of one request failed; the others were applied. An ETag's error decides over any other, as
    /// in Dapr.
    static func stateSave(_ errors: [StateError], writes: Int, store: String) -> APIError {
        let decisive = errors.first { $0.code == .etagMismatch || $0.code == .etagInvalid } ?? errors[0]
        var text = decisive.advice
        if writes > 1 {
            let keys = errors.prefix(namedKeysMax).map { "'\($0.key ?? "")'" }.joined(separator: ", ")
            let rest = errors.count > namedKeysMax ? " and \(errors.count - namedKeysMax) more" : ""
            text += " (\(errors.count) of \(writes) items were not saved: \(keys)\(rest))"
        }
        return APIError(decisive.status, "ERR_STATE_SAVE", "failed saving state in state store \(store): \(text)")
    }

    /// How many keys an error names.
    private static let namedKeysMax = 8

    /// Dapr answers 500 to whatever stopped a transaction, ETags included.
    static func stateTransaction(_ error: StateError) -> APIError {
        APIError(
            .internalServerError, "ERR_STATE_TRANSACTION", "error while executing state transaction: \(error.advice)")
    }

    static func storeNotFound(_ store: String, appID: String) -> APIError {
        APIError(
            .badRequest, "ERR_STATE_STORE_NOT_FOUND", "state store \(store) is not found",
            details: [.errorInfo(reason: "DAPR_STATE_NOT_FOUND", metadata: metadata(appID))])
    }

    static func storeNotConfigured(_ store: String, appID: String) -> APIError {
        APIError(
            .internalServerError, "ERR_STATE_STORE_NOT_CONFIGURED", "state store \(store) is not configured",
            details: [.errorInfo(reason: "DAPR_STATE_NOT_CONFIGURED", metadata: metadata(appID))])
    }

    private static func metadata(_ appID: String) -> [(String, String)] { appID.isEmpty ? [] : [("appID", appID)] }

    static func queryUnsupported(_ store: String) -> APIError {
        APIError(
            .internalServerError, "ERR_STATE_STORE_NOT_SUPPORTED", "state store does not support querying",
            details: [
                .resource(type: "state", name: store),
                .errorInfo(reason: "DAPR_STATE_QUERYING_NOT_SUPPORTED", metadata: []),
            ])
    }

    static func transactionsUnsupported(_ store: String) -> APIError {
        APIError(
            .internalServerError, "ERR_STATE_STORE_NOT_SUPPORTED", "state store \(store) doesn't support transactions",
            details: [
                .help(
                    url: "https://docs.dapr.io/reference/components-reference/supported-state-stores/",
                    description: "Check the list of state stores and the features they support"),
                .resource(type: "state", name: store),
                .errorInfo(reason: "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED", metadata: []),
            ])
    }

    static func tooManyOperations(_ count: Int, max: Int, store: String) -> APIError {
        APIError(
            .badRequest, "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS",
            "the transaction contains \(count) operations, which is more than what the state store supports: \(max)",
            details: [
                .resource(type: "state", name: store),
                .errorInfo(
                    reason: "DAPR_STATE_TOO_MANY_TRANSACTIONS",
                    metadata: [("currentOpsTransaction", "\(count)"), ("maxOpsPerTransaction", "\(max)")]),
            ])
    }

    static func operationUnsupported(_ operation: String) -> APIError {
        APIError(.badRequest, "ERR_NOT_SUPPORTED_STATE_OPERATION", "operation type \(operation) not supported")
    }

    /// What is wrong with a key, which Dapr refuses with 400; nil for the rest, which it finds in the store, so that
    /// it is an error of the call.
    static func stateRequest(_ error: StateRequestError, store: String) -> APIError? {
        switch error {
        case .keyMissing, .keyTooLong: malformedRequest(error.description)
        case .keyIllegal(let key):
            APIError(
                .badRequest, "ERR_MALFORMED_REQUEST", error.description,
                details: [
                    .fieldViolation(field: key, description: error.description), .resource(type: "state", name: store),
                    .errorInfo(reason: "DAPR_STATE_ILLEGAL_KEY", metadata: []),
                ])
        case .timeToLiveInvalid, .concurrencyUnknown, .consistencyUnknown: nil
        }
    }
}

extension StateError {
    init(_ error: StateRequestError) { self.init(.failed, error.description) }
}
