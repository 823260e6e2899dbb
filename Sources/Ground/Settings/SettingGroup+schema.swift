// SPDX-License-Identifier: Apache-2.0

internal import Core

extension SettingGroup {
    /// The configuration file's JSON Schema (draft 2020-12), for editors.
    package func jsonSchema(defaults: Root, title: String) -> String {
        var json = JSONWriter(capacity: 16 << 10)
        json.beginObject()
        json.field("$schema", "https://json-schema.org/draft/2020-12/schema")
        json.field("title", title)
        write(&json, defaults: defaults)
        json.endObject()
        return indented(json.bytes) + "\n"
    }

    private func write(_ json: inout JSONWriter, defaults: Root) {
        json.field("description", summary)
        json.field("type", "object")
        json.field("additionalProperties", false)
        json.key("properties")
        json.beginObject()
        for member in members {
            json.key(member.name)
            json.beginObject()
            switch member {
            case .group(_, let group): group.write(&json, defaults: defaults)
            case .setting(let setting): setting.write(&json, defaults: defaults)
            case .table(let table): table.write(&json, defaults: defaults)
            }
            json.endObject()
        }
        json.endObject()
    }

    /// Writes the keywords of a table of such groups into an open object.
    fileprivate func writeEntry(_ json: inout JSONWriter, shorthand: Setting<Root>?, defaults: Root) {
        json.key("additionalProperties")
        json.beginObject()
        if let shorthand, members.isEmpty {
            shorthand.write(&json, defaults: defaults)
        } else if let shorthand {
            json.key("anyOf")
            json.beginArray()
            json.beginObject()
            shorthand.write(&json, defaults: defaults)
            json.endObject()
            json.beginObject()
            write(&json, defaults: defaults)
            json.endObject()
            json.endArray()
        } else {
            write(&json, defaults: defaults)
        }
        json.endObject()
    }
}

extension SettingTable {
    fileprivate func write(_ json: inout JSONWriter, defaults: Root) {
        json.field("description", summary)
        guard isListed, let shorthand = shorthand(placeholder) else { return writeEntries(&json, defaults: defaults) }
        json.key("anyOf")
        json.beginArray()
        json.beginObject()
        json.field("type", "array")
        json.key("items")
        json.beginObject()
        shorthand.value.schema.write(&json)
        json.endObject()
        json.endObject()
        json.beginObject()
        writeEntries(&json, defaults: defaults)
        json.endObject()
        json.endArray()
    }

    private func writeEntries(_ json: inout JSONWriter, defaults: Root) {
        json.field("type", "object")
        json.key("propertyNames")
        json.beginObject()
        json.field("pattern", Self.namePattern)
        json.endObject()
        group(placeholder).writeEntry(&json, shorthand: shorthand(placeholder), defaults: defaults)
    }
}

extension Setting {
    fileprivate func write(_ json: inout JSONWriter, defaults: Root) {
        json.field("description", summary)
        let texts = shownTexts(defaults)
        if value.isList {
            value.writeList(&json)
            json.key("default")
            json.beginArray()
            texts?.forEach { value.schema.write($0, &json) }
            json.endArray()
        } else {
            value.schema.write(&json)
            guard let text = texts?.first else { return }
            json.key("default")
            value.schema.write(text, &json)
        }
    }
}

extension SettingValue {
    fileprivate func writeList(_ json: inout JSONWriter) {
        if takesOne {
            json.key("anyOf")
            json.beginArray()
            json.beginObject()
            schema.write(&json)
            json.endObject()
            json.beginObject()
        }
        json.field("type", "array")
        json.key("items")
        json.beginObject()
        schema.write(&json)
        json.endObject()
        guard takesOne else { return }
        json.endObject()
        json.endArray()
    }
}

extension SettingSchema {
    /// Writes the keywords of the type into an open object.
    fileprivate func write(_ json: inout JSONWriter) {
        switch self {
        case .string(let pattern):
            json.field("type", "string")
            if let pattern { json.field("pattern", pattern) }
        case .quantity(let pattern):
            json.key("type")
            json.beginArray()
            json.string("string")
            json.string("integer")
            json.endArray()
            json.field("pattern", pattern)
        case .integer(let range):
            json.field("type", "integer")
            json.field("minimum", range.lowerBound)
            json.field("maximum", range.upperBound)
        case .number(let range):
            json.field("type", "number")
            json.key("minimum")
            json.number(range.lowerBound)
            json.key("maximum")
            json.number(range.upperBound)
        case .boolean: json.field("type", "boolean")
        case .choice(let names):
            json.key("enum")
            json.beginArray()
            names.forEach { json.string($0) }
            json.endArray()
        }
    }

    /// Writes a value of the type that is given as text.
    fileprivate func write(_ text: String, _ json: inout JSONWriter) {
        switch self {
        case .string, .quantity, .choice: json.string(text)
        case .integer, .number, .boolean: json.raw(text.utf8)
        }
    }
}

/// The same JSON with line breaks and two spaces for each level, as people read it; empty lists stay on their line.
private func indented(_ json: [UInt8]) -> String {
    var text: [UInt8] = []
    var depth = 0
    var isInString = false
    var isEscaped = false
    func lineBreak() { text += [0x0A] + [UInt8](repeating: 0x20, count: depth * 2) }
    for (index, byte) in json.enumerated() {
        if isInString {
            text.append(byte)
            isInString = isEscaped || byte != UInt8(ascii: "\"")
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            continue
        }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            text.append(byte)
            depth += 1
            // A container that is closed at once stays closed.
            if json[index + 1] != byte + 2 { lineBreak() }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if json[index - 1] != byte - 2 { lineBreak() }
            text.append(byte)
        case UInt8(ascii: ","):
            text.append(byte)
            lineBreak()
        case UInt8(ascii: ":"): text += [byte, 0x20]
        default:
            text.append(byte)
            isInString = byte == UInt8(ascii: "\"")
        }
    }
    return String(decoding: text, as: UTF8.self)
}
