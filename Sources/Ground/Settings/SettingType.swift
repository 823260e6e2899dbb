// SPDX-License-Identifier: Apache-2.0

package import Core

/// How a setting's value is written: what Swift makes of a text, and what a reader is told of it.
package struct SettingType<Value: Sendable>: Sendable {
    /// What a problem expects: `a port from 1 to 65535`.
    package var expectation: String
    /// What stands for the value in help and reference: `PORT`.
    package var placeholder: String
    package var schema: SettingSchema
    /// The value that a text means, or nil if it means none.
    package var parse: @Sendable (String) -> Value?
    /// The text that means a value, as defaults are shown.
    package var text: @Sendable (Value) -> String

    package init(
        expectation: String, placeholder: String, schema: SettingSchema,
        parse: @escaping @Sendable (String) -> Value?, text: @escaping @Sendable (Value) -> String
    ) {
        self.expectation = expectation
        self.placeholder = placeholder
        self.schema = schema
        self.parse = parse
        self.text = text
    }
}

/// What JSON Schema says of a value.
package enum SettingSchema: Sendable, Equatable {
    case string(pattern: String?)
    /// A number with or without a unit.
    case quantity(pattern: String)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    case choice([String])
}

// MARK: - Text

extension SettingType where Value == String {
    package static var text: Self {
        SettingType(
            expectation: "text", placeholder: "TEXT", schema: .string(pattern: nil),
            parse: { $0 }, text: { $0 })
    }

    /// The path of a file or a folder; settings of exposure `path` make it relative to the file that names it.
    package static var path: Self {
        SettingType(
            expectation: "a path", placeholder: "PATH", schema: .string(pattern: nil),
            parse: { $0.isEmpty ? nil : $0 }, text: { $0 })
    }

    /// A host name or an IP address.
    package static var host: Self {
        SettingType(
            expectation: "a host name or an IP address", placeholder: "HOST", schema: .string(pattern: nil),
            parse: ListenAddress.host(text:), text: { $0 })
    }
}

// MARK: - Numbers and choices

extension SettingType where Value == Int {
    package static func integer(_ range: ClosedRange<Int>) -> Self {
        SettingType(
            expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)", placeholder: "N",
            schema: .integer(range), parse: { number($0, in: range) }, text: { "\($0)" })
    }

    /// A port that something else listens on.
    package static var port: Self {
        SettingType(
            expectation: "a port from 1 to 65535", placeholder: "PORT", schema: .integer(1...65_535),
            parse: { number($0, in: 1...65_535) }, text: { "\($0)" })
    }

    /// A port to listen on.
    package static var listenedPort: Self {
        SettingType(
            expectation: "a port from 0 to 65535, where 0 is any free one", placeholder: "PORT",
            schema: .integer(0...65_535), parse: { number($0, in: 0...65_535) }, text: { "\($0)" })
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        // `Int` would also read a leading plus sign.
        guard !text.hasPrefix("+"), let number = Int(text), range.contains(number) else { return nil }
        return number
    }
}

extension SettingType where Value == Bool {
    package static var boolean: Self {
        SettingType(
            expectation: "true or false", placeholder: "true|false", schema: .boolean,
            parse: { text in
                switch text {
                case "true", "True", "TRUE": true
                case "false", "False", "FALSE": false
                default: nil
                }
            }, text: { "\($0)" })
    }
}

extension SettingType where Value: RawRepresentable<String> & CaseIterable {
    package static var choice: Self { choice() }

    /// One of the type's cases; `aliases` are further names of them.
    package static func choice(aliases: [String: Value] = [:]) -> Self {
        let names = Value.allCases.map(\.rawValue)
        return SettingType(
            expectation: (names + aliases.keys.sorted()).alternatives, placeholder: names.joined(separator: "|"),
            schema: .choice(names + aliases.keys.sorted()),
            parse: { Value(rawValue: $0) ?? aliases[$0] }, text: { $0.rawValue })
    }
}

extension [String] {
    /// `a`, `a or b`, `a, b or c`.
    package var alternatives: String {
        guard let last, count > 1 else { return first ?? "nothing" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}

// MARK: - Quantities and addresses

extension SettingType where Value == Duration {
    package static func duration(in range: ClosedRange<Duration> = .zero...(.seconds(86_400 * 365))) -> Self {
        SettingType(
            expectation: "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as 200ms or 1m30s",
            placeholder: "DURATION", schema: .string(pattern: #"^(0|([0-9]+(\.[0-9]+)?(h|ms|us|µs|ns|m|s))+)$"#),
            parse: { text in Duration(text: text).flatMap { range.contains($0) ? $0 : nil } }, text: \.text)
    }

    /// For flags that give plain seconds; a duration with its unit works too.
    package static func seconds(in range: ClosedRange<Duration> = .zero...(.seconds(86_400 * 365))) -> Self {
        var type = duration(in: range)
        type.expectation = "seconds, or a duration such as 1m30s, of at most \(range.upperBound.text)"
        type.placeholder = "SECONDS"
        type.parse = { text in
            let duration = Int32(text).map { Duration.seconds(Int64($0)) } ?? Duration(text: text)
            return duration.flatMap { range.contains($0) ? $0 : nil }
        }
        return type
    }
}

extension SettingType where Value == ByteCount {
    package static func byteCount(in range: ClosedRange<ByteCount>) -> Self {
        SettingType(
            expectation: "an amount of bytes from \(range.lowerBound) to \(range.upperBound), such as 4MiB",
            placeholder: "BYTES", schema: .quantity(pattern: "^[0-9]+(B|[kKMG]B?|[KMG]iB?)?$"),
            parse: { text in ByteCount(text: text).flatMap { range.contains($0) ? $0 : nil } }, text: \.description)
    }
}

extension SettingType where Value == ListenAddress {
    package static var listenAddress: Self {
        SettingType(
            expectation: "an address HOST:PORT, such as 127.0.0.1:3500", placeholder: "HOST:PORT",
            schema: .string(pattern: "^.+:[0-9]+$"), parse: ListenAddress.init(text:), text: \.description)
    }
}

extension SettingType where Value == AddressRange {
    package static var addressRange: Self {
        SettingType(
            expectation: "an IP address or a range of them, such as 10.0.0.0/8", placeholder: "ADDRESS[/BITS]",
            schema: .string(pattern: "^[0-9A-Fa-f.:]+(/[0-9]+)?$"), parse: AddressRange.init(text:),
            text: \.description)
    }
}
