// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireRESP

@testable import Ambassador

struct RedisDialogueTests {
    fileprivate static func login(_ password: String? = nil, user: String? = nil) -> RedisLogin {
        var login = RedisLogin()
        login.password = password
        login.username = user
        return login
    }

    /// A client that says one thing after another.
    private struct Client {
        let login: RedisLogin
        var dialogue: RedisDialogue
        var effect = RedisDialogue.Effect.none

        init(_ login: RedisLogin = RedisDialogueTests.login()) {
            self.login = login
            dialogue = RedisDialogue(id: 7, login: login)
        }

        mutating func say(_ text: String) throws -> String {
            try say(text.split(separator: " ").map(String.init))
        }

        mutating func say(_ words: [String]) throws -> String {
            let command = ScannedCommand(words)
            guard case .local(let local) = try command.find().route else { return "(not local)" }
            var output = ByteBuffer()
            effect = dialogue.answer(local, command.command, command.bytes.span, login: login, into: &output)
            return String(buffer: output)
        }
    }

    private static let hello = "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n"
    private static let helloEnd =
        "$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"

    @Test func `hello agrees on a version and answers in it`() throws {
        var client = Client()
        #expect(try client.say("HELLO") == "*14\r\n" + Self.hello + ":2\r\n" + Self.helloEnd)
        #expect(client.effect == .none)
        #expect(try client.say("HELLO 3 SETNAME me") == "%7\r\n" + Self.hello + ":3\r\n" + Self.helloEnd)
        #expect(client.effect == .session)
        #expect(client.dialogue.version == .three)
        #expect(client.dialogue.name == "me")
        #expect(try client.say("hello 2").hasPrefix("*14\r\n"))
        #expect(client.effect == .session)
    }

    @Test(
        arguments: [
            ("HELLO 4", "-NOPROTO unsupported protocol version\r\n"),
            ("HELLO x", "-ERR Protocol version is not an integer or out of range\r\n"),
            ("HELLO 3 FOO", "-ERR Syntax error in HELLO option 'FOO'\r\n"),
            ("HELLO 3 AUTH a", "-ERR Syntax error in HELLO option 'AUTH'\r\n"),
            ("HELLO 3 SETNAME é", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"),
            ("HELLO 3 AUTH nobody x", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
            ("SELECT x", "-ERR invalid DB index\r\n"), ("SELECT 16", "-ERR DB index is out of range\r\n"),
            ("SELECT -1", "-ERR DB index is out of range\r\n"), ("AUTH a b c", "-ERR syntax error\r\n"),
            ("CLIENT NO-EVICT maybe", "-ERR syntax error\r\n"),
            ("CLIENT SETINFO x y", "-ERR Unrecognized option 'x'\r\n"),
            (
                "CLIENT SETINFO LIB-NAME é",
                "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n"
            ),
        ])
    func `what is wrong changes nothing and is answered in Redis' words`(text: String, reply: String) throws {
        var client = Client()
        #expect(try client.say(text) == reply)
        #expect(client.effect == .none)
        #expect(client.dialogue.session == RedisSession())
        #expect(client.dialogue.name == "")
    }

    @Test func `a password lets in, whoever has it`() throws {
        var client = Client(Self.login("secret"))
        #expect(!client.dialogue.isAuthenticated)
        #expect(try client.say("HELLO 3").hasPrefix("-NOAUTH HELLO must be called"))
        #expect(client.dialogue.version == .two)
        #expect(try client.say("AUTH wrong").hasPrefix("-WRONGPASS "))
        #expect(try client.say("AUTH other secret").hasPrefix("-WRONGPASS "))
        #expect(!client.dialogue.isAuthenticated)
        #expect(try client.say("AUTH default secret") == "+OK\r\n")
        #expect(client.dialogue.isAuthenticated)
        #expect(try client.say("AUTH wrong").hasPrefix("-WRONGPASS "))
        #expect(client.dialogue.isAuthenticated)
        #expect(try client.say("RESET") == "+RESET\r\n")
        #expect(!client.dialogue.isAuthenticated)
        #expect(try client.say("HELLO 3 AUTH default secret").hasPrefix("%7\r\n"))
        #expect(client.dialogue.isAuthenticated)
    }

    @Test func `a user has a name`() throws {
        var client = Client(Self.login("secret", user: "app"))
        #expect(try client.say("AUTH default secret").hasPrefix("-WRONGPASS "))
        #expect(try client.say("AUTH app secret") == "+OK\r\n")
        var other = Client(Self.login("secret", user: "app"))
        #expect(try other.say("AUTH secret") == "+OK\r\n")
    }

    @Test func `without a password there is none to say`() throws {
        var client = Client()
        #expect(client.dialogue.isAuthenticated)
        #expect(try client.say("AUTH x").hasPrefix("-ERR AUTH <password> called without any password configured"))
        #expect(try client.say("AUTH default x") == "+OK\r\n")
        #expect(Client(Self.login("")).dialogue.isAuthenticated)
    }

    @Test func `a client has a number, a name and a library`() throws {
        var client = Client()
        #expect(try client.say("CLIENT ID") == ":7\r\n")
        #expect(try client.say("CLIENT GETNAME") == "$-1\r\n")
        #expect(try client.say("CLIENT SETNAME me") == "+OK\r\n")
        #expect(try client.say("CLIENT GETNAME") == "$2\r\nme\r\n")
        #expect(try client.say("CLIENT SETINFO lib-name redis-py") == "+OK\r\n")
        #expect(try client.say("CLIENT SETINFO LIB-VER 5.0") == "+OK\r\n")
        #expect(try client.say("CLIENT INFO").contains("id=7 name=me db=0 resp=2 lib-name=redis-py lib-ver=5.0\n"))
        #expect(try client.say("CLIENT NO-TOUCH on") == "+OK\r\n")
        #expect(try client.say(["CLIENT", "SETNAME", ""]) == "+OK\r\n")
        #expect(try client.say("CLIENT GETNAME") == "$-1\r\n")
        let long = String(repeating: "x", count: RedisDialogue.labelBytesMax + 1)
        #expect(try client.say("CLIENT SETNAME \(long)").hasPrefix("-ERR Client names"))
    }

    @Test func `selecting a database leads to other connections`() throws {
        var client = Client()
        #expect(try client.say("SELECT 3") == "+OK\r\n")
        #expect(client.effect == .session)
        #expect(client.dialogue.session.database == 3)
        #expect(try client.say("SELECT 3") == "+OK\r\n")
        #expect(client.effect == .none)
        #expect(try client.say("RESET") == "+RESET\r\n")
        #expect(client.effect == .reset)
        #expect(client.dialogue.session == RedisSession())
    }

    @Test func `echo, time and quit are answered here`() throws {
        var client = Client()
        #expect(try client.say(["ECHO", "a\r\nb"]) == "$4\r\na\r\nb\r\n")
        #expect(try client.say("TIME").hasPrefix("*2\r\n$10\r\n"))
        #expect(client.effect == .none)
        #expect(try client.say("QUIT") == "+OK\r\n")
        #expect(client.effect == .end)
    }
}
