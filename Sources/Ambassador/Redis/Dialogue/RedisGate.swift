// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Lets clients in that know the password.
struct RedisGate {
    private let user: String
    private let token: APIToken?

    init(_ login: RedisLogin) {
        user = login.username ?? "default"
        token = login.password.flatMap { APIToken($0) }
    }

    /// Nobody has to know anything.
    var isOpen: Bool { token == nil }

    /// Without a user it is the one named `default`, or the only one that there is.
    func check(user given: String?, password: String) throws(RedisDialogueError) {
        guard let token else {
            if given == nil { throw .noPassword }
            if given == "default" { return }
            throw .wrongPassword
        }
        guard given ?? user == user, token.matches(password) else { throw .wrongPassword }
    }
}

/// Why a client's word about itself isn't taken; said as Redis says it.
enum RedisDialogueError: Error, Equatable {
    case syntax
    case databaseNumber
    case databaseRange
    case noPassword
    case wrongPassword
    case helloUnauthenticated
    case helloOption(String)
    case versionNumber
    case versionUnsupported
    case clientName
    case clientAttribute(String)
    case clientLabel(String)

    /// The error's line, from its code on.
    var text: String {
        switch self {
        case .syntax: "ERR syntax error"
        case .databaseNumber: "ERR invalid DB index"
        case .databaseRange: "ERR DB index is out of range"
        case .noPassword:
            "ERR AUTH <password> called without any password configured for the default user. "
                + "Are you sure your configuration is correct?"
        case .wrongPassword: "WRONGPASS invalid username-password pair or user is disabled."
        case .helloUnauthenticated:
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version "
                + "at the same time"
        case .helloOption(let option): "ERR Syntax error in HELLO option '\(option)'"
        case .versionNumber: "ERR Protocol version is not an integer or out of range"
        case .versionUnsupported: "NOPROTO unsupported protocol version"
        case .clientName: "ERR Client names cannot contain spaces, newlines or special characters."
        case .clientAttribute(let attribute): "ERR Unrecognized option '\(attribute)'"
        case .clientLabel(let name): "ERR \(name) cannot contain spaces, newlines or special characters."
        }
    }
}
