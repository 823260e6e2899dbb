// SPDX-License-Identifier: Apache-2.0

/// Which replies a command may have. Besides these, any command may be answered with an error.
@usableFromInline
package enum MemcachedReplyShape: UInt8, Sendable, CaseIterable {
    /// `set` and its like: one line.
    case storage
    case deletion
    /// `incr` and `decr`: one line.
    case number
    case touch
    /// `get` and its like: values, then `END`.
    case values
    /// A line, with a value behind it if it is `VA`.
    case meta
    case debug
    case noOp
    /// `OK`.
    case acknowledgement
    case version
    /// Lines, then `END`; or one line.
    case statistics

    /// Whether a reply's line may begin so.
    @inlinable
    package func allows(_ status: MemcachedStatus) -> Bool {
        switch status {
        case .error, .clientError, .serverError: true
        case .stored, .notStored, .exists: self == .storage
        case .notFound: self == .storage || self == .deletion || self == .number || self == .touch
        case .deleted: self == .deletion
        case .touched: self == .touch
        case .number: self == .number
        case .value: self == .values
        case .end: self == .values || self == .statistics
        case .statistic, .item, .prefix, .reset: self == .statistics
        case .ok: self == .acknowledgement || self == .statistics
        case .version: self == .version
        case .metaDone, .metaValue, .metaNotFound, .metaNotStored, .metaExists: self == .meta
        case .metaMiss: self == .meta || self == .debug
        case .metaDebug: self == .debug
        case .metaNoOp: self == .noOp
        }
    }
}

/// What a line of a reply begins with; the raw value is the first eight bytes of that.
@usableFromInline
package enum MemcachedStatus: UInt64, Sendable, CaseIterable {
    case stored = 0x5354_4F52_4544
    case notStored = 0x4E4F_545F_5354_4F52
    case exists = 0x4558_4953_5453
    case notFound = 0x4E4F_545F_464F_554E
    case deleted = 0x44_454C_4554_4544
    case touched = 0x54_4F55_4348_4544
    /// Digits.
    case number = 0
    case value = 0x56_414C_5545
    case end = 0x45_4E44
    case statistic = 0x5354_4154
    case item = 0x4954_454D
    case prefix = 0x5052_4546_4958
    case reset = 0x52_4553_4554
    case ok = 0x4F4B
    case version = 0x56_4552_5349_4F4E
    case metaDone = 0x4844
    case metaValue = 0x5641
    case metaMiss = 0x454E
    case metaNotFound = 0x4E46
    case metaNotStored = 0x4E53
    case metaExists = 0x4558
    case metaDebug = 0x4D45
    case metaNoOp = 0x4D4E
    case error = 0x45_5252_4F52
    case clientError = 0x434C_4945_4E54_5F45
    case serverError = 0x5345_5256_4552_5F45

    @inlinable
    init?(_ name: MemcachedName) {
        guard let status = Self(rawValue: name.first), status.rest == name.rest, status != .number else { return nil }
        self = status
    }

    /// The bytes of the name after the first eight.
    @inlinable var rest: UInt64 {
        switch self {
        case .notStored: 0x4544
        case .notFound: 0x44
        case .clientError, .serverError: 0x5252_4F52
        default: 0
        }
    }

    @inlinable package var isError: Bool {
        switch self {
        case .error, .clientError, .serverError: true
        default: false
        }
    }

    /// Whether lines follow this one.
    @inlinable var hasSuccessor: Bool {
        switch self {
        case .value, .statistic, .item, .prefix: true
        default: false
        }
    }
}

/// A reply, as places in the bytes that a server sent. Nothing of it is copied.
@usableFromInline
package struct MemcachedReply: Sendable, Equatable {
    /// All of the reply.
    @usableFromInline package var length: Int
    /// Where its last line begins: before it are values or statistics, which replies of several servers have in common.
    @usableFromInline package var lastLine: Int
    /// How its last line begins, which has no other behind it.
    @usableFromInline package var status: MemcachedStatus

    @inlinable
    init(length: Int, lastLine: Int, status: MemcachedStatus) {
        self.length = length
        self.lastLine = lastLine
        self.status = status
    }
}

/// Walks over the values of a complete reply to `get` and its like.
package struct MemcachedValues: Sendable {
    /// One value: the place of all of it, from `VALUE` to the line end behind its data, and that of its key.
    package struct Value: Sendable, Equatable {
        package var place: MemcachedPlace
        package var key: MemcachedPlace
    }

    private var position = 0
    private let end: Int

    package init(_ reply: MemcachedReply) { end = reply.lastLine }

    package mutating func next(in bytes: borrowing Span<UInt8>) -> Value? {
        guard position < end, let lineFeed = bytes.firstLineFeed(from: position),
            let header = MemcachedValueLine(bytes, line: position..<lineFeed - 1)
        else { return nil }
        let length = lineFeed + 1 + header.length + 2 - position
        defer { position += length }
        return Value(place: MemcachedPlace(offset: position, length: length), key: header.key)
    }
}

/// The line before a value: `VALUE KEY FLAGS LENGTH [CAS]`.
@usableFromInline
struct MemcachedValueLine {
    @usableFromInline let key: MemcachedPlace
    @usableFromInline let length: Int

    @usableFromInline
    init?(_ bytes: borrowing Span<UInt8>, line: Range<Int>) {
        var tokens = MemcachedTokens(position: line.lowerBound, end: line.upperBound)
        _ = tokens.next(in: bytes)
        key = tokens.next(in: bytes)
        let flags = tokens.next(in: bytes)
        guard let length = bytes.decimal(tokens.next(in: bytes), digitCountMax: 10), !flags.isEmpty else { return nil }
        self.length = Int(length)
    }
}
