// SPDX-License-Identifier: Apache-2.0

/// What the command line says: `LoadGenerator load|seed|large|idle --port 6379 [--connections 50] …`.
struct Options {
    enum Command: String, CaseIterable { case load, seed, large, idle }

    var command = Command.load
    var port: UInt16 = 0
    var connections = 50
    /// Requests that each connection sends at once, before it waits for their replies.
    var pipeline = 1
    /// Requests in each second, sent at their time whatever has been answered; 0 is as many as are answered.
    var rate = 0
    var seconds = 5.0
    var keys = 100_000
    var valueBytes = 100
    var getShare = 0.5
    var keysPerRead = 1
    /// How long a client of large values rests after each.
    var pauseMilliseconds = 0
    var seed = 1

    struct Mistake: Error { let description: String }

    init(_ arguments: [String]) throws(Mistake) {
        guard let first = arguments.first, let command = Command(rawValue: first) else {
            throw Mistake(description: "one of \(Command.allCases.map(\.rawValue)) must come first")
        }
        self.command = command
        var index = 1
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw Mistake(description: "\(arguments[index]) needs a value") }
            try set(arguments[index], arguments[index + 1])
            index += 2
        }
        if port == 0 { throw Mistake(description: "--port is missing") }
    }

    private mutating func set(_ name: String, _ text: String) throws(Mistake) {
        switch name {
        case "--port": port = try number(name, text, 1...65535)
        case "--connections": connections = try number(name, text, 1...100_000)
        case "--pipeline": pipeline = try number(name, text, 1...10_000)
        case "--rate": rate = try number(name, text, 0...10_000_000)
        case "--seconds": seconds = Double(try number(name, text, 1...86_400) as Int)
        case "--keys": keys = try number(name, text, 1...1_000_000_000)
        case "--value-bytes": valueBytes = try number(name, text, Workload.keyLength...512 << 20)
        case "--get-percent": getShare = Double(try number(name, text, 0...100) as Int) / 100
        case "--keys-per-read": keysPerRead = try number(name, text, 1...1_000_000)
        case "--pause-ms": pauseMilliseconds = try number(name, text, 0...60_000)
        case "--seed": seed = try number(name, text, 0...Int.max)
        default: throw Mistake(description: "there is no \(name)")
        }
    }

    private func number<Value: FixedWidthInteger>(
        _ name: String, _ text: String, _ range: ClosedRange<Value>
    ) throws(Mistake) -> Value {
        guard let value = Value(text), range.contains(value) else {
            let (least, most) = (range.lowerBound, range.upperBound)
            throw Mistake(description: "\(name) \(text): expected a number from \(least) to \(most)")
        }
        return value
    }
}
