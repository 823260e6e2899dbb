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
        if let expiry = item.expiresAtMilliseconds {
            fields.append("metadata.\(StateRequest.MetadataName.expiry)", Timestamp.text(milliseconds: expiry))
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
                if let expiry = item.expiresAtMilliseconds {
                    json.key("metadata")
                    json.beginObject()
                    json.field(StateRequest.MetadataName.expiry, Timestamp.text(milliseconds: expiry))
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

/// Points in time as RFC 3339 writes them, in UTC and to the second.
enum Timestamp {
    static func text(milliseconds: Int64) -> String {
        let seconds = Int(milliseconds / 1000)
        let (days, time) = seconds.quotientAndRemainder(dividingBy: 86400)
        let (year, month, day) = civil(days: days)
        return "\(padded(year, 4))-\(padded(month))-\(padded(day))"
            + "T\(padded(time / 3600)):\(padded(time / 60 % 60)):\(padded(time % 60))Z"
    }

    /// The date of a day since 1970-01-01, by counting 400-year eras that begin in March, so that a leap day is the
    /// last.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
