// SPDX-License-Identifier: Apache-2.0

/// Finds where a client's next command ends, what it is called, and where its first arguments are.
///
/// It looks at headers only, jumps over the arguments, and remembers where it stopped: fed one byte at a time it looks
/// at nothing twice.
package struct RESPCommandScanner: Sendable {
    /// What comes next.
    @usableFromInline
    enum Stage: Sendable {
        case start, line, count, marker, length, payload
    }

    /// Why the scanner stops.
    @usableFromInline
    enum End: Sendable {
        case complete, inline
        case incomplete(Int)
        case malformed(RESPSyntaxError)
    }

    /// The least that an argument takes, `$0 CRLF CRLF`.
    @usableFromInline static let argumentBytesMin = 6

    /// May be changed between two commands.
    package var limits: RESPLimits
    @usableFromInline var stage = Stage.start
    @usableFromInline var offset = 0
    @usableFromInline var header = RESPLength()
    @usableFromInline var command = RESPCommand()

    package init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

    /// The command that is on its way, as far as it is here: for routing one whose large value is still to come.
    @inlinable package var partial: RESPCommand { command }

    /// Scans on. `bytes` begins at the command's first byte each time; the caller drops a command once it is complete.
    @inlinable
    package mutating func scan(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPCommand> {
        switch advance(bytes) {
        case .complete:
            command.length = offset
            offset = 0
            stage = .start
            return .complete(command)
        case .inline:
            let length = offset
            offset = 0
            stage = .start
            return .inline(length: length)
        case .incomplete(let missing): return .incomplete(missing: missing)
        case .malformed(let error): return .malformed(error)
        }
    }

    /// Scans up to an end. What it returns is small, for a whole command is copied but once.
    @inlinable
    mutating func advance(_ bytes: borrowing Span<UInt8>) -> End {
        switch stage {
        case .start:
            guard bytes.count > 0 else { return .incomplete(1) }
            guard bytes[0] == UInt8(ascii: "*") else {
                stage = .line
                return scanLine(bytes)
            }
            command = RESPCommand()
            header = RESPLength()
            if header.readWhole(bytes, &offset, type: UInt8(ascii: "*")) {
                if let end = beginArguments() { return end }
            } else {
                offset = 1
                stage = .count
                if let end = scanCount(bytes) { return end }
            }
        case .line: return scanLine(bytes)
        case .count: if let end = scanCount(bytes) { return end }
        case .marker, .length, .payload: break
        }
        return scanArguments(bytes)
    }

    /// Reads how many arguments there are; nil if it is time for them.
    @inlinable
    mutating func scanCount(_ bytes: borrowing Span<UInt8>) -> End? {
        switch header.read(bytes, &offset) {
        case .incomplete: .incomplete(header.hasReturn ? 1 : 2)
        case .malformed: .malformed(.multibulkLength)
        case .complete: beginArguments()
        }
    }

    @inlinable
    mutating func beginArguments() -> End? {
        guard header.value <= limits.argumentCountMax else { return .malformed(.multibulkLength) }
        guard !header.isNegative, header.value > 0 else { return .complete }
        command.argumentCount = header.value
        command.firstHeader = offset
        stage = .marker
        return nil
    }

    @inlinable
    mutating func scanArguments(_ bytes: borrowing Span<UInt8>) -> End {
        while true {
            if stage != .payload, let end = scanHeader(bytes) { return end }
            let end = offset + header.value
            guard end + 2 <= bytes.count else { return missing(end + 2 - bytes.count) }
            guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return .malformed(.bulkEnd) }
            take(bytes, end: end)
            if command.argumentsRead == command.argumentCount { return .complete }
        }
    }

    /// Reads an argument's header; nil if it is time for the payload.
    @inlinable
    mutating func scanHeader(_ bytes: borrowing Span<UInt8>) -> End? {
        if stage == .marker {
            header = RESPLength()
            if !header.readWhole(bytes, &offset, type: UInt8(ascii: "$")) {
                guard offset < bytes.count else { return missing(0) }
                guard bytes[offset] == UInt8(ascii: "$") else {
                    return .malformed(.bulkExpected(found: bytes[offset]))
                }
                offset += 1
                stage = .length
            }
        }
        if stage == .length {
            switch header.read(bytes, &offset) {
            case .incomplete: return missing(header.hasReturn ? 3 : 4)
            case .malformed: return .malformed(.bulkLength)
            case .complete: break
            }
        }
        guard !header.isNegative, header.value <= limits.bulkBytesMax else { return .malformed(.bulkLength) }
        guard offset + header.value <= limits.commandBytesMax else { return .malformed(.commandTooLong) }
        stage = .payload
        return nil
    }

    /// Notes the argument whose payload is here.
    @inlinable
    mutating func take(_ bytes: borrowing Span<UInt8>, end: Int) {
        let index = command.argumentsRead
        if index < RESPCommand.placeCount {
            command.offsets[index] = UInt32(truncatingIfNeeded: offset)
            command.lengths[index] = UInt32(truncatingIfNeeded: header.value)
            if index == 0 { command.name = RESPName(bytes, at: offset, length: header.value) }
        }
        command.argumentsRead = index + 1
        offset = end + 2
        stage = .marker
    }

    /// So many bytes of this argument, and the least that all those after it take.
    @inlinable
    func missing(_ bytes: Int) -> End {
        let begun = bytes > 0 ? 1 : 0
        let after = command.argumentCount - command.argumentsRead - begun
        return .incomplete(bytes + after * Self.argumentBytesMin)
    }

    /// A line ends with a line feed; a carriage return before it is usual and not required, as in Redis.
    @inlinable
    mutating func scanLine(_ bytes: borrowing Span<UInt8>) -> End {
        while offset < bytes.count, offset < limits.lineBytesMax {
            offset += 1
            if bytes[offset - 1] == 0x0A { return .inline }
        }
        return offset < limits.lineBytesMax ? .incomplete(1) : .malformed(.inlineTooLong)
    }
}
