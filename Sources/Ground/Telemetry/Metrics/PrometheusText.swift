// SPDX-License-Identifier: Apache-2.0

// Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats). What doesn't change
// between two scrapes, names and labels, is rendered once, when a series is made; a scrape appends these bytes and
// numbers.

extension [UInt8] {
    /// Appends a sample's value and the end of its line.
    mutating func appendSample(_ value: Int) {
        appendDecimal(value)
        append(UInt8(ascii: "\n"))
    }

    mutating func appendSample(_ value: Double) {
        append(contentsOf: value.prometheusText)
        append(UInt8(ascii: "\n"))
    }

    /// Appends the digits without making a String: a scrape writes thousands of numbers, most of them short.
    private mutating func appendDecimal(_ value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let start = count
        var rest = value.magnitude
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }

    /// Appends `name="value",name="value"`, escaped; nothing when there are no labels.
    mutating func appendLabels(_ labels: [(String, String)]) {
        for (index, label) in labels.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(contentsOf: label.0.prometheusName(allowsColon: false).utf8)
            append(contentsOf: "=\"".utf8)
            appendEscaped(label.1, quotes: true)
            append(UInt8(ascii: "\""))
        }
    }

    mutating func appendHeader(name: String, kind: MetricDefinition.Kind, help: String) {
        append(contentsOf: "# HELP \(name) ".utf8)
        appendEscaped(help, quotes: false)
        append(contentsOf: "\n# TYPE \(name) \(kind.rawValue)\n".utf8)
    }

    private mutating func appendEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: append(contentsOf: "\\\"".utf8)
            default: append(byte)
            }
        }
    }
}

extension Double {
    /// The shortest decimal that reads back as this value, in the spelling of Go's ParseFloat.
    var prometheusText: [UInt8] {
        if isNaN { return Array("NaN".utf8) }
        if isInfinite { return Array((self < 0 ? "-Inf" : "+Inf").utf8) }
        // A whole number below 2^53 is exact, and reads better without its fraction.
        if magnitude < 9_007_199_254_740_992, self == rounded() { return Array(String(Int(self)).utf8) }
        return Array(description.utf8)
    }
}

extension String {
    /// This name with what Prometheus doesn't allow in one turned into `_` (`http.requests` is `http_requests`).
    func prometheusName(allowsColon: Bool) -> String {
        func isAllowed(_ byte: UInt8, _ isFirst: Bool) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): !isFirst
            case UInt8(ascii: ":"): allowsColon
            default: false
            }
        }
        var bytes = Array(utf8)
        if bytes.isEmpty { return "_" }
        for index in bytes.indices where !isAllowed(bytes[index], index == 0) { bytes[index] = UInt8(ascii: "_") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
