// SPDX-License-Identifier: Apache-2.0

/// Which headers, and which names in JSON, have values that let whoever reads them pass for somebody else: what is
/// written down or shown only says that they were there.
enum SecretName {
    /// What stands in such names.
    private static let words = [
        "password", "passwd", "secret", "token", "authorization", "authenticat", "api-key", "api_key", "apikey",
        "credential", "session", "cookie", "client-cert", "sec-websocket-key",
    ]

    /// - Parameter name: in lower case.
    static func isSecret(_ name: String) -> Bool { words.contains { name.contains($0) } }
}
