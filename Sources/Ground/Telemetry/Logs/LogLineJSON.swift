// SPDX-License-Identifier: Apache-2.0

import Core
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One JSON object per line, with the keys that Dapr's log pipelines read (`time`, `level`, `msg`, `app_id`,
/// `instance`, `scope`, `type`, `ver`) and the event's fields beside them.
struct LogLineJSON: Sendable {
    private let appID: String
    private let instance: String

    init(appID: String, instance: String = Self.hostName()) {
        self.appID = appID
        self.instance = instance
    }

    private static let ownKeys: Set = ["time", "level", "msg", "app_id", "instance", "scope", "type", "ver"]

    func bytes(of record: LogRecord) -> [UInt8] {
        var line = JSONWriter(capacity: 384)
        line.beginObject()
        line.field("time", record.time.text)
        line.field("level", record.level.name)
        line.field("msg", LogRecord.clip(record.message))
        if !appID.isEmpty { line.field("app_id", appID) }
        line.field("instance", instance)
        line.field("scope", record.scope)
        line.field("type", "log")
        line.field("ver", Version.outrigger)
        for (key, value) in record.flatFields {
            line.key(Self.ownKeys.contains(key) ? "fields." + key : key)
            Self.append(value, to: &line)
        }
        line.endObject()
        return line.bytes + [UInt8(ascii: "\n")]
    }

    /// Numbers and truth values stay what they are; anything else is its description.
    private static func append(_ value: Logger.MetadataValue, to line: inout JSONWriter) {
        switch value {
        case .string(let text): line.string(LogRecord.clip(text))
        case .array(let values):
            line.beginArray()
            for value in values.prefix(LogRecord.fieldsMax) { append(value, to: &line) }
            line.endArray()
        case .dictionary: line.string(LogRecord.clip(value.description))
        case .stringConvertible(let value):
            switch value {
            case let value as Bool: line.bool(value)
            case let value as any BinaryInteger: line.raw(value.description.utf8)
            case let value as Double: line.number(value)
            default: line.string(LogRecord.clip(value.description))
            }
        }
    }

    static func hostName() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension LogRecord {
    /// The fields in the order of their names, `event` first; a dictionary's entries as `name.key`.
    var flatFields: [(key: String, value: Logger.MetadataValue)] {
        var flat: [(key: String, value: Logger.MetadataValue)] = []
        func add(_ fields: Logger.Metadata, prefix: String) {
            for (key, value) in fields {
                if case .dictionary(let inner) = value {
                    add(inner, prefix: prefix + key + ".")
                } else {
                    flat.append((prefix + key, value))
                }
            }
        }
        add(fields, prefix: "")
        flat.sort { $0.key == "event" || ($1.key != "event" && $0.key < $1.key) }
        return Array(flat.prefix(Self.fieldsMax))
    }
}
