// SPDX-License-Identifier: Apache-2.0

package import Core
import Logging

extension LogEvent {
    /// Connections are encrypted, but nobody knows for whom; once at the start.
    package static func tlsUnverified(key: String) -> LogEvent {
        LogEvent(
            "tls.unverified", .warning,
            "Certificates are not checked: whoever is on the way can read and change everything.",
            ["key": .string("\(key).verify")])
    }

    /// One of our own certificates will soon be refused by everybody.
    package static func certificateExpiring(path: String, at time: String) -> LogEvent {
        LogEvent(
            "tls.certificate.expiring", .warning, "A certificate is near its end.",
            ["path": .string(path), "at": .string(time)])
    }

    /// The files of some TLS have changed, and connections that begin now use what is in them.
    package static func tlsReloaded(key: String) -> LogEvent {
        LogEvent(
            "tls.reloaded", .notice, "The files of TLS have changed; new connections use them.", ["key": .string(key)])
    }

    /// What the changed files hold can't be used.
    package static func tlsRefused(_ problem: Problem) -> LogEvent {
        LogEvent("tls.refused", .error, "The changed files of TLS are refused: \(problem).")
    }

    package static func tlsKept(key: String) -> LogEvent {
        LogEvent(
            "tls.kept", .error, "The files of TLS can't be used as they are now, so those from before stay.",
            ["key": .string(key)])
    }

    /// Nobody has given a certificate, so a listener shows one that nobody trusts.
    ///
    /// - Parameters:
    ///   - keys: of the listeners.
    ///   - path: of the certificate; nil if it isn't kept, with the reason.
    package static func tlsSelfSigned(keys: [String], path: String?, reason: String?) -> LogEvent {
        let shown = keys.joined(separator: ", ")
        let text =
            path.map { "which is kept in \($0) for clients that shall trust it (curl --cacert)" }
            ?? "which ends with this process because \(reason ?? "nothing can be kept")"
        return LogEvent(
            "tls.self-signed", .warning,
            "FOR DEVELOPMENT ONLY: \(shown) shows a self-made certificate that nobody trusts, \(text).",
            ["keys": .string(shown), "path": .string(path ?? "")])
    }
}
