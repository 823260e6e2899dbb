// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// A change of one key in the words of the API, as any face of it has read them.
package struct StateRequest: Sendable {
    package var key: String
    /// The value to store; nil deletes the key.
    package var value: ByteBuffer?
    /// An empty ETag counts as none.
    package var etag: String?
    /// `first-write`, `last-write`, or nothing.
    package var concurrency: String?
    /// `strong`, `eventual`, or nothing; every engine gives at least what was asked for.
    package var consistency: String?
    /// The text of the metadata `ttlInSeconds`.
    package var timeToLive: String?

    package init(
        key: String, value: ByteBuffer?, etag: String? = nil, concurrency: String? = nil, consistency: String? = nil,
        timeToLive: String? = nil
    ) {
        self.key = key
        self.value = value
        self.etag = etag
        self.concurrency = concurrency
        self.consistency = consistency
        self.timeToLive = timeToLive
    }

    /// The names of the metadata that state requests and answers have.
    package enum MetadataName {
        package static let timeToLive = "ttlInSeconds"
        package static let expiry = "ttlExpireTime"
    }
}

/// Why a request was refused before it reached the store: the caller has to change it.
package enum StateRequestError: Error, Sendable, Equatable, CustomStringConvertible {
    case keyMissing
    /// The key or the prefix has `||` in it.
    case keyIllegal(String)
    case keyTooLong(limit: Int)
    case timeToLiveInvalid
    case concurrencyUnknown
    case consistencyUnknown

    package var description: String {
        switch self {
        case .keyMissing: "\"key\" is a required field"
        case .keyIllegal(let key): "input key/keyPrefix '\(key)' can't contain '\(StateKeyPrefix.separator)'"
        case .keyTooLong(let limit): "a key can't be longer than \(limit) bytes"
        case .timeToLiveInvalid:
            "incorrect value for metadata '\(StateRequest.MetadataName.timeToLive)': expected a whole number of seconds"
        case .concurrencyUnknown: "unrecognized concurrency model: expected first-write or last-write"
        case .consistencyUnknown: "unrecognized consistency model: expected strong or eventual"
        }
    }
}

extension StateRequest {
    /// The write that the request asks for, under the key that the store knows.
    func write(storedKey: String) throws(StateRequestError) -> StateWrite {
        let condition = try condition()
        try checkConsistency()
        let seconds = try timeToLiveSeconds()
        guard let value else { return StateWrite(key: storedKey, .delete, if: condition) }
        return StateWrite(key: storedKey, .upsert(value, timeToLiveSeconds: seconds), if: condition)
    }

    private func condition() throws(StateRequestError) -> StateWrite.Condition {
        let given = (etag ?? "").isEmpty ? nil : etag
        switch concurrency ?? "" {
        case "last-write": return .none
        case "first-write":
            if let given { return .matches(given) }
            // A delete of what must not exist would do nothing; Dapr's stores delete then.
            return value == nil ? .none : .absent
        case "": return given.map { .matches($0) } ?? .none
        default: throw .concurrencyUnknown
        }
    }

    private func checkConsistency() throws(StateRequestError) {
        switch consistency ?? "" {
        case "", "strong", "eventual": return
        default: throw .consistencyUnknown
        }
    }

    /// Above zero sets the time to live; zero and below, like nothing, let the value live for ever.
    private func timeToLiveSeconds() throws(StateRequestError) -> Int64? {
        guard let timeToLive else { return nil }
        guard let seconds = Int64(timeToLive), seconds <= Self.timeToLiveSecondsMax else { throw .timeToLiveInvalid }
        return seconds > 0 ? seconds : nil
    }

    /// A thousand years: further away, an expiry in milliseconds would come near the end of 64 bits.
    private static let timeToLiveSecondsMax: Int64 = 1000 * 366 * 24 * 3600
}
