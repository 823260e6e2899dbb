// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import SQLiteClient

/// A layout of state in a database: the statements that one connection has prepared for it, used on its lane only.
///
/// A namespace keeps projects apart where the layout has it, and is ignored where it hasn't. All times are milliseconds
/// since 1970-01-01 UTC. The writes are called inside a transaction.
protocol StateTable: AnyObject {
    /// The item, if it is there and has not expired at `now`.
    func item(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> StateItem?

    /// The ETag of the item, without reading its value.
    func etag(_ namespace: String, _ key: String, now: Int64) throws(SQLiteError) -> String?

    /// Stores the item under an ETag that is new.
    func put(_ namespace: String, _ key: String, _ value: ByteBuffer, expiresAt: Int64?) throws(SQLiteError)

    func remove(_ namespace: String, _ key: String) throws(SQLiteError)

    var expired: ExpiredRows { get }
}

extension StateTable {
    /// Makes one write if its condition holds; answers why not otherwise.
    func perform(_ write: StateWrite, in namespace: String, now: Int64) throws(SQLiteError) -> StateError? {
        if write.condition != .none {
            let etag = try etag(namespace, write.key, now: now)
            if let refusal = write.refusal(currentETag: etag) { return refusal }
        }
        try change(write, in: namespace, now: now)
        return nil
    }

    /// Makes all writes in order, or none and answers why: every condition is checked against the table and against
    /// what the operations before it would do, and only then the first change is made.
    func perform(all writes: [StateWrite], in namespace: String, now: Int64) throws(SQLiteError) -> StateError? {
        if writes.contains(where: { $0.condition != .none }) {
            // What an earlier operation made of a key: an ETag that no caller can know yet, or nothing.
            var touched: [ExactKey: String?] = [:]
            for write in writes {
                let key = ExactKey(write.key)
                let etag = if let known = touched[key] { known } else { try etag(namespace, write.key, now: now) }
                if let refusal = write.refusal(currentETag: etag) { return refusal }
                touched[key] = .some(write.change == .delete ? nil : "")
            }
        }
        for write in writes { try change(write, in: namespace, now: now) }
        return nil
    }

    private func change(_ write: StateWrite, in namespace: String, now: Int64) throws(SQLiteError) {
        switch write.change {
        case .delete: try remove(namespace, write.key)
        case .upsert(let value, let seconds):
            try put(
                namespace, write.key, value,
                expiresAt: seconds.map { StateExpiry.milliseconds(after: $0, from: now) })
        }
    }
}

extension StateWrite {
    /// Why the write may not be made while the key has `currentETag` (nil: no key); nil if it may.
    fileprivate func refusal(currentETag: String?) -> StateError? {
        switch condition {
        case .none: nil
        case .absent:
            currentETag == nil ? nil : StateError(.etagMismatch, "the key exists already", key: key)
        case .matches(let etag):
            // An empty ETag stands for one that nobody knows, so it matches nothing.
            currentETag == etag && !etag.isEmpty
                ? nil : StateError(.etagMismatch, "the key's ETag is another one", key: key)
        }
    }
}
