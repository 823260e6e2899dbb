// SPDX-License-Identifier: Apache-2.0

import WireMemcached

/// What a proxy makes of a command: what it routes by, what it passes on, what it hides.
enum ReadCommand: Equatable {
    case command(
        MemcachedVerb, key: String = "", keyCount: Int = 1, value: String? = nil, silence: MemcachedSilence = .nothing)
    case refused(MemcachedRefusal.Reason, isSilent: Bool = false)
    case malformed(MemcachedSyntaxError)
}

/// Commands, as a proxy reads them from a client that sends `bytes` in pieces.
struct CommandReader {
    private var scanner: MemcachedCommandScanner
    private var buffer: [UInt8] = []
    /// Bytes of a refused command that haven't come yet.
    private var dropping = 0
    private(set) var read: [ReadCommand] = []
    /// What goes on to servers.
    private(set) var forwarded: [UInt8] = []
    private(set) var commands: [MemcachedCommand] = []
    /// How many bytes the scanner asked for last.
    private(set) var missing = 0
    private var isOver = false

    init(_ limits: MemcachedLimits = MemcachedLimits()) { scanner = MemcachedCommandScanner(limits: limits) }

    mutating func feed(_ bytes: some Collection<UInt8>) {
        guard !isOver else { return }
        buffer += bytes
        while drop() {
            switch Self.scan(buffer, with: &scanner) {
            case .complete(let command): take(command)
            case .incomplete(let missing):
                self.missing = missing
                return
            case .refused(let refusal):
                read.append(.refused(refusal.reason, isSilent: refusal.isSilent))
                dropping = refusal.length
            case .malformed(let error):
                read.append(.malformed(error))
                isOver = true
                return
            }
        }
    }

    private static func scan(
        _ bytes: [UInt8], with scanner: inout MemcachedCommandScanner
    ) -> MemcachedCommandScan {
        scanner.scan(bytes.span)
    }

    /// Whether there is anything to read after what is dropped.
    private mutating func drop() -> Bool {
        let count = min(dropping, buffer.count)
        buffer.removeFirst(count)
        dropping -= count
        return !buffer.isEmpty
    }

    private mutating func take(_ command: MemcachedCommand) {
        commands.append(command)
        read.append(
            .command(
                command.verb, key: String(decoding: buffer[command.key.range], as: UTF8.self),
                keyCount: command.keyCount,
                value: command.verb.hasValue ? String(decoding: buffer[command.value.range], as: UTF8.self) : nil,
                silence: command.silence))
        forwarded += buffer[..<command.silencer.offset] + buffer[command.silencer.end..<command.length]
        dropping = command.length
    }
}

func readCommands(_ text: String, limits: MemcachedLimits = MemcachedLimits()) -> [ReadCommand] {
    var reader = CommandReader(limits)
    reader.feed(Array(text.utf8))
    return reader.read
}

/// A single command's result.
func readCommand(_ text: String) -> ReadCommand? {
    let read = readCommands(text)
    return read.count == 1 ? read[0] : nil
}

/// Replies to a list of commands, as a proxy reads them from a server that sends `bytes` in pieces.
struct ReplyReader {
    private var scanner: MemcachedReplyScanner
    private var buffer: [UInt8] = []
    private var shapes: ArraySlice<MemcachedReplyShape>
    private(set) var replies: [MemcachedReply] = []
    private(set) var error: MemcachedSyntaxError?
    private(set) var missing = 0

    init(_ shapes: [MemcachedReplyShape], limits: MemcachedLimits = MemcachedLimits()) {
        self.shapes = shapes[...]
        scanner = MemcachedReplyScanner(limits: limits)
    }

    /// Whether every command has its reply and nothing is left.
    var isDone: Bool { shapes.isEmpty && buffer.isEmpty }

    mutating func feed(_ bytes: some Collection<UInt8>) {
        buffer += bytes
        while error == nil, let shape = shapes.first, !buffer.isEmpty {
            switch Self.scan(buffer, shape, with: &scanner) {
            case .complete(let reply):
                replies.append(reply)
                buffer.removeFirst(reply.length)
                shapes.removeFirst()
            case .incomplete(let missing):
                self.missing = missing
                return
            case .malformed(let error): self.error = error
            }
        }
    }

    private static func scan(
        _ bytes: [UInt8], _ shape: MemcachedReplyShape, with scanner: inout MemcachedReplyScanner
    ) -> MemcachedReplyScan {
        scanner.scan(bytes.span, expecting: shape)
    }
}
