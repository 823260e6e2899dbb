// SPDX-License-Identifier: Apache-2.0

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
}
