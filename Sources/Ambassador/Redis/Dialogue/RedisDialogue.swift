// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import NIOCore
internal import WireRESP

/// What one client has said about itself, and the answers to the commands that concern nothing else.
struct RedisDialogue {
    /// What an answer changes for the rest of the client.
    enum Effect: Sendable, Equatable {
        case none
        /// `session` is another one: commands go over other connections from now on.
        case session
        /// As after connecting anew: transactions and subscriptions end too.
        case reset
        /// The connection ends behind the answer.
        case end
    }

    /// Redis has so many databases unless it is told otherwise. Each that is used has its own connections to servers.
    static let databasesMax = 16
    /// A name or a version that a client gives itself.
    static let labelBytesMax = 512

    let id: UInt64
    private(set) var session = RedisSession()
    /// Whether the client has shown the password, or needs none.
    private(set) var isAuthenticated: Bool
    private var labels: RedisClientLabels?

    init(id: UInt64, login: RedisLogin) {
        self.id = id
        isAuthenticated = RedisGate(login).isOpen
    }

    var name: String { labels?.name ?? "" }
    var version: RESPVersion { session.version == 3 ? .three : .two }

    /// Answers `command`, which the table gave the route `.local(local)`.
    mutating func answer(
        _ local: RedisLocalCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, login: RedisLogin,
        into output: inout ByteBuffer
    ) -> Effect {
        let words = Self.words(command, bytes)
        let before = session
        do throws(RedisDialogueError) {
            let value = try answer(local, words, login)
            output.writeRESP(value, version)
        } catch {
            output.writeRESPLine("-", error.text)
            return .none
        }
        switch local {
        case .quit: return .end
        case .reset: return .reset
        default: return session == before ? .none : .session
        }
    }

    private mutating func answer(
        _ local: RedisLocalCommand, _ words: [ByteBuffer], _ login: RedisLogin
    ) throws(RedisDialogueError) -> RESPValue {
        let ok = RESPValue.simple("OK")
        switch local {
        case .echo: return .bulk(words[1])
        case .quit: return ok
        case .time:
            let now = UTCTime.now()
            return .array([.bulk("\(now.seconds)"), .bulk("\(now.nanoseconds / 1000)")])
        case .reset:
            session = RedisSession()
            labels = nil
            isAuthenticated = RedisGate(login).isOpen
            return .simple("RESET")
        case .select: try select(words[1])
        case .auth: try authenticate(words, login)
        case .hello: return try greet(words, login)
        case .clientID: return .integer(Int64(id))
        case .clientGetName: return name.isEmpty ? .null : .bulk(name)
        case .clientInfo: return .bulk(infoText)
        case .clientSetName: try setName(words[2])
        case .clientSetInfo: try setInfo(words[2].text, words[3])
        case .clientOption:
            guard ["ON", "OFF"].contains(words[2].text.uppercased()) else { throw .syntax }
        }
        return ok
    }

    // MARK: - Sessions

    private mutating func select(_ word: ByteBuffer) throws(RedisDialogueError) {
        guard let database = Int(word.text) else { throw .databaseNumber }
        guard (0..<Self.databasesMax).contains(database) else { throw .databaseRange }
        session.database = database
    }

    /// `AUTH password` or `AUTH user password`. A wrong one takes nothing away, as in Redis.
    private mutating func authenticate(_ words: [ByteBuffer], _ login: RedisLogin) throws(RedisDialogueError) {
        guard words.count <= 3 else { throw .syntax }
        let user = words.count == 3 ? words[1].text : nil
        try RedisGate(login).check(user: user, password: words[words.count - 1].text)
        isAuthenticated = true
    }

    /// `HELLO [version [AUTH user password] [SETNAME name]]`; nothing changes unless all of it is right.
    private mutating func greet(_ words: [ByteBuffer], _ login: RedisLogin) throws(RedisDialogueError) -> RESPValue {
        let hello = try RedisHello(words)
        if let (user, password) = hello.credentials { try RedisGate(login).check(user: user, password: password) }
        guard isAuthenticated || hello.credentials != nil else { throw .helloUnauthenticated }
        if let name = hello.name { try setName(name) }
        isAuthenticated = true
        session.version = hello.version ?? session.version
        return .map([
            RESPPair(.bulk("server"), .bulk("redis")), RESPPair(.bulk("version"), .bulk(Self.redisVersion)),
            RESPPair(.bulk("proto"), .integer(Int64(session.version))), RESPPair(.bulk("id"), .integer(Int64(id))),
            RESPPair(.bulk("mode"), .bulk("standalone")), RESPPair(.bulk("role"), .bulk("master")),
            RESPPair(.bulk("modules"), .array([])),
        ])
    }

    /// The version whose commands we know; some clients send commands by it.
    static let redisVersion = "7.2.0"

    // MARK: - Labels

    private mutating func setName(_ word: ByteBuffer) throws(RedisDialogueError) {
        guard let name = Self.label(word) else { throw .clientName }
        labels = labels ?? RedisClientLabels()
        labels?.name = name
    }

    private mutating func setInfo(_ attribute: String, _ word: ByteBuffer) throws(RedisDialogueError) {
        let known = attribute.lowercased()
        guard known == "lib-name" || known == "lib-ver" else { throw .clientAttribute(attribute) }
        guard let value = Self.label(word) else { throw .clientLabel(known) }
        labels = labels ?? RedisClientLabels()
        if known == "lib-name" { labels?.library = value } else { labels?.libraryVersion = value }
    }

    /// Nil for what would break a line of CLIENT LIST.
    private static func label(_ word: ByteBuffer) -> String? {
        guard word.readableBytes <= labelBytesMax,
            word.readableBytesView.allSatisfy({ (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) })
        else { return nil }
        return word.text
    }

    private var infoText: String {
        "id=\(id) name=\(name) db=\(session.database) resp=\(session.version) "
            + "lib-name=\(labels?.library ?? "") lib-ver=\(labels?.libraryVersion ?? "")\n"
    }

    private static func words(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> [ByteBuffer] {
        var arguments = RESPArguments(command)
        var words: [ByteBuffer] = []
        while let place = arguments.next(bytes) {
            var word = ByteBuffer()
            word.writeBytes(bytes.extracting(place.range).bytes)
            words.append(word)
        }
        return words
    }
}

/// What a client calls itself; most say nothing.
private struct RedisClientLabels {
    var name = ""
    var library = ""
    var libraryVersion = ""
}

extension ByteBuffer {
    /// The bytes as text.
    var text: String { String(buffer: self) }
}
