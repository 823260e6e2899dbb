// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Proxying
import WireHTTP
import WireJSON

extension HTTPResponse {
    /// A value exactly as it was stored, with its ETag and, if it will expire, the time.
    static func stateValue(_ item: StateItem) -> HTTPResponse {
        var fields: HTTPFields = ["content-type": "application/json"]
        if !item.etag.isEmpty { fields.append("etag", item.etag) }
        if let expiry = item.expiryText {
            fields.append("metadata.\(StateRequest.MetadataName.expiry)", expiry)
        }
        return HTTPResponse(.ok, fields: fields, body: item.value)
    }
}

/// The answer to a bulk get: one entry for each key, in the order of the request.
enum BulkGetAnswer {
    static func response(keys: [String], items: [StateItem?]) throws(StateError) -> HTTPResponse {
        let bytes = items.reduce(0) { $0 + ($1?.value.readableBytes ?? 0) }
        if bytes > StateReadLimit.bytesMax { throw StateError(.tooLarge, "the answer would be too large") }
        var json = JSONWriter(capacity: bytes + keys.count * 64 + 2)
        json.beginArray()
        for (key, item) in zip(keys, items) { write(key, item, to: &json) }
        json.endArray()
        return .json(.ok, json)
    }

    private static func write(_ key: String, _ item: StateItem?, to json: inout JSONWriter) {
        json.beginObject()
        json.field("key", key)
        if let item {
            if isJSON(item.value) {
                json.key("data")
                json.raw(item.value.readableBytesView)
                if !item.etag.isEmpty { json.field("etag", item.etag) }
                if let expiry = item.expiryText {
                    json.key("metadata")
                    json.beginObject()
                    json.field(StateRequest.MetadataName.expiry, expiry)
                    json.endObject()
                }
            } else {
                // Other faces and other programs may have stored any bytes, which can't be a part of this answer.
                json.field("error", "the value is not JSON: get it by its key")
            }
        }
        json.endObject()
    }

    private static func isJSON(_ value: ByteBuffer) -> Bool {
        value.withUnsafeReadableBytes { bytes in
            do {
                try JSONReader.read(bytes) { (reader) throws(JSONError) in try reader.skip() }
                return true
            } catch {
                return false
            }
        }
    }
}

extension StateItem {
    /// When the item expires, as RFC 3339 writes it, to the second; nil if never.
    fileprivate var expiryText: String? {
        expiresAtMilliseconds.map { UTCTime(seconds: $0 / 1000).rfc3339 }
    }
}
