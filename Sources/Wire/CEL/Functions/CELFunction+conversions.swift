// SPDX-License-Identifier: Apache-2.0

internal import Core

extension CELFunction {
    static let conversions = [
        CELFunction("int", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .int: return arguments[0]
            case .uint(let value): return .int(try inRange(Int64(exactly: value)))
            case .double(let value): return .int(try whole(value, below: 0x1p63, above: -0x1p63))
            case .string(let text): return .int(try number(Int64(text), "int"))
            case .timestamp(let time): return .int(time.seconds)
            default: throw .noOverload("int", arguments)
            }
        },
        CELFunction("uint", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .uint: return arguments[0]
            case .int(let value): return .uint(try inRange(UInt64(exactly: value)))
            case .double(let value): return .uint(try whole(value, below: 0x1p64, above: -1))
            case .string(let text): return .uint(try number(UInt64(text), "uint"))
            default: throw .noOverload("uint", arguments)
            }
        },
        CELFunction("double", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .double: return arguments[0]
            case .int(let value): return .double(Double(value))
            case .uint(let value): return .double(Double(value))
            case .string(let text): return .double(try number(Double(text), "double"))
            default: throw .noOverload("double", arguments)
            }
        },
        CELFunction("bool", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .bool: return arguments[0]
            case .string(let text): return .bool(try number(truth[text], "bool"))
            default: throw .noOverload("bool", arguments)
            }
        },
        CELFunction("bytes", global: 1...1) { arguments, budget throws(CELEvaluationError) in
            switch arguments[0] {
            case .bytes: return arguments[0]
            case .string(let text):
                try budget.charge(result: text.utf8.count)
                return .bytes(Array(text.utf8))
            default: throw .noOverload("bytes", arguments)
            }
        },
        CELFunction("string", global: 1...1) { arguments, budget throws(CELEvaluationError) in
            .string(try text(of: arguments[0], &budget))
        },
        CELFunction("timestamp", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .timestamp: return arguments[0]
            case .int(let seconds): return try CELEvaluator.timestamp(UTCTime(seconds: seconds))
            case .string(let text): return try CELEvaluator.timestamp(try number(UTCTime(rfc3339: text), "timestamp"))
            default: throw .noOverload("timestamp", arguments)
            }
        },
        CELFunction("duration", global: 1...1) { arguments, _ throws(CELEvaluationError) in
            switch arguments[0] {
            case .duration: return arguments[0]
            case .string(let text): return .duration(try number(nanoseconds(text), "duration"))
            default: throw .noOverload("duration", arguments)
            }
        },
    ]

    /// The texts of truth values, as Go's `strconv.ParseBool` reads them.
    private static let truth = [
        "1": true, "t": true, "T": true, "true": true, "TRUE": true, "True": true,
        "0": false, "f": false, "F": false, "false": false, "FALSE": false, "False": false,
    ]

    private static func inRange<Value>(_ value: Value?) throws(CELEvaluationError) -> Value {
        guard let value else { throw CELEvaluator.overflow }
        return value
    }

    private static func number<Value>(_ value: Value?, _ name: String) throws(CELEvaluationError) -> Value {
        guard let value else { throw CELEvaluationError(.invalidArgument, "a text is no \(name)") }
        return value
    }

    /// The part of a double before its point; both bounds are outside of what is allowed.
    private static func whole<Value: FixedWidthInteger>(
        _ value: Double, below: Double, above: Double
    ) throws(CELEvaluationError) -> Value {
        guard value > above, value < below else { throw CELEvaluator.overflow }
        return Value(value)
    }

    /// Reads `1h30m`, `-1.5s` as nanoseconds.
    private static func nanoseconds(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let magnitude = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let duration = Duration(text: magnitude) else { return nil }
        let (seconds, attoseconds) = duration.components
        // Safe: `Duration(text:)` refuses what is no 64 bits of nanoseconds.
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        return isNegative ? -nanoseconds : nanoseconds
    }

    // MARK: - Texts

    private static func text(of value: CELValue, _ budget: inout CELBudget) throws(CELEvaluationError) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        case .double(let value): return CELNumberText.text(of: value)
        case .timestamp(let time): return time.rfc3339
        case .duration(let nanoseconds): return CELNumberText.seconds(nanoseconds) + "s"
        case .bytes(let bytes):
            try budget.charge(result: bytes.count)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CELEvaluationError(.invalidArgument, "bytes aren't UTF-8")
            }
            return text
        default: throw .noOverload("string", [value])
        }
    }
}

/// Numbers as Go writes them, whose forms the users of CEL know.
enum CELNumberText {
    /// The shortest digits that give the number back; with an exponent below 1e-4 and from 1e6 on, as `%g` without a
    /// precision does it.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        let (digits, exponent) = decimal(value.magnitude)
        if exponent < -4 || exponent >= 6 {
            let fraction = digits.count > 1 ? ".\(digits.dropFirst())" : ""
            let power = String(exponent.magnitude)
            return
                "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power.count < 2 ? "0" : "")\(power)"
        }
        if exponent < 0 { return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)" }
        let padded = digits + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = padded.dropFirst(exponent + 1)
        return "\(sign)\(padded.prefix(exponent + 1))\(fraction.isEmpty ? "" : ".\(fraction)")"
    }

    /// The significant digits of a number and the power of ten of the first.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = "\(value)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
        let significant = all.drop { $0 == "0" }
        guard !significant.isEmpty else { return ("0", 0) }
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let exponent = power + whole.count - 1 - (all.count - significant.count)
        var digits = String(significant)
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }

    /// Nanoseconds as seconds with as many digits as they need.
    static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = nanoseconds < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        let padded = String(rest)
        var fraction = String(repeating: "0", count: 9 - padded.count) + padded
        while fraction.last == "0" { fraction.removeLast() }
        return "\(sign)\(whole).\(fraction)"
    }
}
