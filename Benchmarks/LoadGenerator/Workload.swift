// SPDX-License-Identifier: Apache-2.0

/// The requests that are sent, and what their replies must carry.
///
/// Key number 42 is `key:000000000042`, and its value begins with the key: so each reply tells whether it is the
/// right one.
struct Workload {
    static let keyLength = 16

    let keyCount: Int
    let getShare: Double
    /// How many keys one request reads; 1 is a GET, more an MGET.
    let keysPerRead: Int
    private let setEnd: [UInt8]
    private let valueHeader: [UInt8]
    private var random: SplitMix

    init(keyCount: Int, valueLength: Int, getShare: Double, keysPerRead: Int, seed: UInt64) {
        self.keyCount = keyCount
        self.getShare = getShare
        self.keysPerRead = keysPerRead
        let length = max(valueLength, Self.keyLength)
        valueHeader = Array("\r\n$\(length)\r\n".utf8)
        setEnd = [UInt8](repeating: UInt8(ascii: "v"), count: length - Self.keyLength) + Array("\r\n".utf8)
        random = SplitMix(state: seed)
    }

    /// Appends one random request to `output`; returns what its reply must be.
    mutating func appendRequest(to output: inout [UInt8]) -> Expectation {
        let key = randomKey()
        guard random.nextShare() < getShare else {
            appendSet(key, to: &output)
            return Expectation(kind: .saved, key: key)
        }
        guard keysPerRead > 1 else {
            output.append(contentsOf: Self.get)
            Self.appendKey(key, to: &output)
            output.append(contentsOf: Self.lineEnd)
            return Expectation(kind: .value, key: key)
        }
        appendRead(from: key, to: &output)
        return Expectation(kind: .values, key: key)
    }

    func appendSet(_ key: Int, to output: inout [UInt8]) {
        output.append(contentsOf: Self.set)
        Self.appendKey(key, to: &output)
        output.append(contentsOf: valueHeader)
        Self.appendKey(key, to: &output)
        output.append(contentsOf: setEnd)
    }

    /// One MGET of `keysPerRead` keys that follow each other.
    private func appendRead(from first: Int, to output: inout [UInt8]) {
        output.append(contentsOf: "*\(keysPerRead + 1)\r\n$4\r\nMGET\r\n".utf8)
        for offset in 0..<keysPerRead {
            output.append(contentsOf: Self.keyHeader)
            Self.appendKey((first + offset) % keyCount, to: &output)
            output.append(contentsOf: Self.lineEnd)
        }
    }

    private mutating func randomKey() -> Int { Int(random.next() % UInt64(keyCount)) }

    private static func appendKey(_ key: Int, to output: inout [UInt8]) {
        output.append(contentsOf: zeroKey)
        var (rest, place) = (key, output.count - 1)
        while rest > 0 {
            output[place] += UInt8(rest % 10)
            rest /= 10
            place -= 1
        }
    }

    /// The number of the key with which a value begins; nothing if it begins with none.
    static func key(of value: Range<Int>, in bytes: [UInt8]) -> Int? {
        guard value.count >= keyLength else { return nil }
        for index in 0..<keyStart.count where bytes[value.lowerBound + index] != keyStart[index] { return nil }
        var key = 0
        for index in value.lowerBound + keyStart.count..<value.lowerBound + keyLength {
            let digit = bytes[index]
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            key = key * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return key
    }

    private static let get = Array("*2\r\n$3\r\nGET\r\n$16\r\n".utf8)
    private static let set = Array("*3\r\n$3\r\nSET\r\n$16\r\n".utf8)
    private static let keyHeader = Array("$16\r\n".utf8)
    private static let keyStart = Array("key:".utf8)
    private static let zeroKey = Array("key:000000000000".utf8)
    private static let lineEnd = Array("\r\n".utf8)
}

/// What the next reply on a connection must be, and since when it is waited for.
struct Expectation {
    enum Kind { case value, values, saved }

    var kind: Kind
    var key: Int
    var since: UInt64 = 0
}

/// Steele's SplitMix64: fast, and the same numbers from the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        // Safe: the generator is defined modulo 2⁶⁴.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        // Safe: as above.
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        // Safe: as above.
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to 1.
    mutating func nextShare() -> Double { Double(next() >> 11) * 0x1p-53 }
}
