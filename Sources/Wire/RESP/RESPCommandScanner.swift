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
        switch stage {
        case .start:
            guard bytes.count > 0 else { return .incomplete(missing: 1) }
            guard bytes[0] == UInt8(ascii: "*") else {
                stage = .line
                return scanLine(bytes)
            }
            command = RESPCommand()
            offset = 1
            header = RESPLength()
            stage = .count
            if let end = scanCount(bytes) { return end }
        case .line: return scanLine(bytes)
        case .count: if let end = scanCount(bytes) { return end }
        case .marker, .length, .payload: break
        }
        return scanArguments(bytes)
    }

    /// Reads how many arguments there are; nil if it is time for them.
    @inlinable
    mutating func scanCount(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPCommand>? {
        switch header.read(bytes, &offset) {
        case .incomplete: return .incomplete(missing: header.hasReturn ? 1 : 2)
        case .malformed: return .malformed(.multibulkLength)
        case .complete: break
        }
        guard header.value <= limits.argumentCountMax else { return .malformed(.multibulkLength) }
        guard !header.isNegative, header.value > 0 else { return finish() }
        command.argumentCount = header.value
        command.firstHeader = offset
        stage = .marker
        return nil
    }

    @inlinable
    mutating func scanArguments(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPCommand> {
        while true {
            if stage == .marker {
                guard offset < bytes.count else { return missing(0) }
                guard bytes[offset] == UInt8(ascii: "$") else {
                    return .malformed(.bulkExpected(found: bytes[offset]))
                }
                offset += 1
                header = RESPLength()
                stage = .length
            }
            if stage == .length {
                switch header.read(bytes, &offset) {
                case .incomplete: return missing(header.hasReturn ? 3 : 4)
                case .malformed: return .malformed(.bulkLength)
                case .complete: break
                }
                guard !header.isNegative, header.value <= limits.bulkBytesMax else { return .malformed(.bulkLength) }
                guard offset + header.value <= limits.commandBytesMax else { return .malformed(.commandTooLong) }
                stage = .payload
            }
            let end = offset + header.value
            guard end + 2 <= bytes.count else { return missing(end + 2 - bytes.count) }
            guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return .malformed(.bulkEnd) }
            take(bytes, end: end)
            if command.argumentsRead == command.argumentCount { return finish() }
        }
    }

    /// Notes the argument whose payload is here.
    @inlinable
    mutating func take(_ bytes: borrowing Span<UInt8>, end: Int) {
        let index = command.argumentsRead
        if index < RESPCommand.placeCount {
            command.places[index] = RESPPlace(offset: offset, length: header.value)
            if index == 0 { command.name = RESPName(bytes, at: offset, length: header.value) }
        }
        command.argumentsRead = index + 1
        offset = end + 2
        stage = .marker
    }

    @inlinable
    mutating func finish() -> RESPScan<RESPCommand> {
        command.length = offset
        stage = .start
        return .complete(command)
    }

    /// So many bytes of this argument, and the least that all those after it take.
    @inlinable
    func missing(_ bytes: Int) -> RESPScan<RESPCommand> {
        let begun = bytes > 0 ? 1 : 0
        let after = command.argumentCount - command.argumentsRead - begun
        return .incomplete(missing: bytes + after * Self.argumentBytesMin)
    }

    /// A line ends with a line feed; a carriage return before it is usual and not required, as in Redis.
    @inlinable
    mutating func scanLine(_ bytes: borrowing Span<UInt8>) -> RESPScan<RESPCommand> {
        while offset < bytes.count, offset < limits.lineBytesMax {
            offset += 1
            if bytes[offset - 1] == 0x0A {
                let length = offset
                offset = 0
                stage = .start
                return .inline(length: length)
            }
        }
        return offset < limits.lineBytesMax ? .incomplete(missing: 1) : .malformed(.inlineTooLong)
    }
}
