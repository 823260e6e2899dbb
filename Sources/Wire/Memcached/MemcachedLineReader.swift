// SPDX-License-Identifier: Apache-2.0

/// Reads a command's line, which is complete, word by word.
@usableFromInline
struct MemcachedLineReader {
    private let limits: MemcachedLimits
    private var tokens: MemcachedTokens
    @usableFromInline var command: MemcachedCommand

    /// A line ends with a line feed; a carriage return before it belongs to the end, as in memcached.
    @usableFromInline
    init(_ limits: MemcachedLimits, lineFeed: Int, _ bytes: borrowing Span<UInt8>) {
        self.limits = limits
        let end = lineFeed > 0 && bytes[lineFeed - 1] == 0x0D ? lineFeed - 1 : lineFeed
        tokens = MemcachedTokens(position: 0, end: end)
        command = MemcachedCommand(verb: .quit, lineLength: lineFeed + 1)
    }

    /// The reason to refuse the command, if there is one.
    @usableFromInline
    mutating func read(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        let name = tokens.next(in: bytes)
        // Some versions of memcached pass over spaces before the name, others don't.
        guard name.offset == 0 else { return .unknownCommand }
        guard let verb = MemcachedVerb(MemcachedName(bytes, name)) else { return Self.unknown(bytes, name) }
        command.verb = verb
        let reason: MemcachedRefusal.Reason? =
            switch verb {
            case .get, .gets: readKeys(bytes)
            case .gat, .gats: Self.isExpiry(bytes, tokens.next(in: bytes)) ? readKeys(bytes) : .badExpiry
            case .set, .add, .replace, .append, .prepend, .cas: readStorage(bytes)
            case .metaSet: readMetaSet(bytes)
            case .metaGet, .metaDelete, .metaArithmetic, .metaDebug: readMeta(bytes)
            case .delete: readDeletion(bytes)
            case .increment, .decrement, .touch: readChange(bytes)
            case .flushAll, .verbosity: readNumber(bytes)
            case .metaNoOp, .statistics, .version, .quit: skipWords(bytes)
            }
        if let reason { return reason }
        return isAtEnd(bytes) ? nil : .badLine
    }

    /// The refusal of the command as far as it is read: with its value, if the line says how long that is.
    @usableFromInline
    func refusal(_ reason: MemcachedRefusal.Reason) -> MemcachedRefusal {
        MemcachedRefusal(reason: reason, length: command.length, isSilent: command.silence == .everything)
    }

    // MARK: - Kinds of lines

    private mutating func readKeys(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        command.key = tokens.next(in: bytes)
        var key = command.key
        while !key.isEmpty {
            guard key.length <= MemcachedLimits.keyBytesMax else { return .badLine }
            guard command.keyCount < limits.keyCountMax else { return .tooManyKeys }
            command.keyCount += 1
            key = tokens.next(in: bytes)
        }
        return command.keyCount > 0 ? nil : .badLine
    }

    /// `set KEY FLAGS EXPIRY LENGTH [noreply]`, and `cas` with one number more.
    private mutating func readStorage(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        let isKeyValid = readKey(bytes)
        let flags = tokens.next(in: bytes)
        let expiry = tokens.next(in: bytes)
        if let reason = readValueLength(bytes) { return reason }
        let isUniqueValid = command.verb != .cas || bytes.decimal(tokens.next(in: bytes)) != nil
        readNoreply(bytes)
        let areNumbersValid =
            isUniqueValid && bytes.decimal(flags).map { $0 <= UInt32.max } == true && Self.isExpiry(bytes, expiry)
        guard isKeyValid, areNumbersValid else { return .badLine }
        return checkValueLength()
    }

    /// `ms KEY LENGTH FLAG…`
    private mutating func readMetaSet(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        let isKeyValid = readKey(bytes)
        if let reason = readValueLength(bytes) { return reason }
        guard isKeyValid else { return .badLine }
        return readFlags(bytes, precedingTokens: 3) ?? checkValueLength()
    }

    /// `mg KEY FLAG…` and its like.
    private mutating func readMeta(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        guard readKey(bytes) else { return .badLine }
        return readFlags(bytes, precedingTokens: 2)
    }

    /// `delete KEY [0] [noreply]`; the zero is a relic that some clients send.
    private mutating func readDeletion(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        guard readKey(bytes) else { return .badLine }
        let beforeWord = tokens
        let word = tokens.next(in: bytes)
        if word.length != 1 || bytes[word.offset] != UInt8(ascii: "0") { tokens = beforeWord }
        readNoreply(bytes)
        return isAtEnd(bytes) ? nil : .badDeletion
    }

    /// `incr KEY DELTA [noreply]`, `decr` and `touch KEY EXPIRY [noreply]`.
    private mutating func readChange(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        let isKeyValid = readKey(bytes)
        let number = tokens.next(in: bytes)
        guard isKeyValid, !number.isEmpty else { return .badLine }
        readNoreply(bytes)
        if command.verb == .touch { return Self.isExpiry(bytes, number) ? nil : .badExpiry }
        return bytes.decimal(number) == nil ? .badDelta : nil
    }

    /// `flush_all [EXPIRY] [noreply]`, `verbosity LEVEL [noreply]`.
    private mutating func readNumber(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        if readNoreply(bytes) { return command.verb == .flushAll ? nil : .badLine }
        let number = tokens.next(in: bytes)
        readNoreply(bytes)
        if command.verb == .verbosity { return bytes.decimal(number, digitCountMax: 9) == nil ? .badLine : nil }
        return number.isEmpty || Self.isExpiry(bytes, number) ? nil : .badExpiry
    }

    private mutating func skipWords(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        while !tokens.next(in: bytes).isEmpty {}
        return nil
    }

    // MARK: - Parts of lines

    private mutating func readKey(_ bytes: borrowing Span<UInt8>) -> Bool {
        command.key = tokens.next(in: bytes)
        command.keyCount = 1
        return !command.key.isEmpty && command.key.length <= MemcachedLimits.keyBytesMax
    }

    private mutating func readValueLength(_ bytes: borrowing Span<UInt8>) -> MemcachedRefusal.Reason? {
        guard let length = bytes.decimal(tokens.next(in: bytes), digitCountMax: 10), length < Int32.max - 2 else {
            return .badLine
        }
        command.value = MemcachedPlace(offset: command.lineLength, length: Int(length))
        command.length = command.value.end + 2
        return nil
    }

    private func checkValueLength() -> MemcachedRefusal.Reason? {
        command.value.length <= limits.valueBytesMax ? nil : .valueTooLarge
    }

    /// Takes the word `noreply`, if it is next.
    @discardableResult
    private mutating func readNoreply(_ bytes: borrowing Span<UInt8>) -> Bool {
        let before = tokens
        let word = tokens.next(in: bytes)
        guard word.length == 7, bytes.word(at: word.offset, length: 7) == 0x6E_6F72_6570_6C79 else {
            tokens = before
            return false
        }
        command.silence = .everything
        command.silencer = MemcachedPlace(offset: before.position, length: word.end - before.position)
        return true
    }

    /// The flags of a meta command. Only two of them concern a proxy; what is wrong with others is the server's to say.
    private mutating func readFlags(
        _ bytes: borrowing Span<UInt8>, precedingTokens: Int
    ) -> MemcachedRefusal.Reason? {
        var count = precedingTokens
        while true {
            let before = tokens.position
            let flag = tokens.next(in: bytes)
            if flag.isEmpty { break }
            count += 1
            guard count <= MemcachedLimits.metaTokenCountMax else { return .tooManyFlags }
            switch bytes[flag.offset] {
            case UInt8(ascii: "q"):
                guard command.silencer.isEmpty else { return .duplicateFlag }
                command.silencer = MemcachedPlace(offset: before, length: flag.end - before)
                command.silence = silenceOfMeta
            case UInt8(ascii: "b"):
                guard !command.isKeyEncoded else { return .duplicateFlag }
                command.isKeyEncoded = true
            default: break
            }
        }
        return command.isKeyEncoded && !MemcachedBase64.isValid(bytes, command.key) ? .badEncoding : nil
    }

    private var silenceOfMeta: MemcachedSilence {
        switch command.verb {
        case .metaGet: .misses
        case .metaDebug: .nothing
        default: .successes
        }
    }

    /// Whether nothing but spaces is left. At a control character it isn't so, wherever that stands.
    private mutating func isAtEnd(_ bytes: borrowing Span<UInt8>) -> Bool {
        tokens.next(in: bytes).isEmpty && tokens.position == tokens.end
    }

    /// Seconds, as memcached keeps them: in 32 bits, with a sign.
    private static func isExpiry(_ bytes: borrowing Span<UInt8>, _ place: MemcachedPlace) -> Bool {
        let isNegative = !place.isEmpty && bytes[place.offset] == UInt8(ascii: "-")
        let digits = isNegative ? MemcachedPlace(offset: place.offset + 1, length: place.length - 1) : place
        return bytes.decimal(digits, digitCountMax: 10).map { $0 <= Int32.max } == true
    }

    private static func unknown(_ bytes: borrowing Span<UInt8>, _ name: MemcachedPlace) -> MemcachedRefusal.Reason {
        for command in MemcachedServerCommand.allCases where bytes.extracting(name.range).isSame(as: command.rawValue) {
            return .unsupported(command)
        }
        return .unknownCommand
    }
}

extension Span where Element == UInt8 {
    fileprivate func isSame(as text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        for (index, byte) in text.utf8.enumerated() where self[index] != byte { return false }
        return true
    }
}
