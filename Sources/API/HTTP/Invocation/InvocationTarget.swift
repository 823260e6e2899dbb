// SPDX-License-Identifier: Apache-2.0

import Core

/// Whom an invocation is for, as Dapr writes it.
enum InvocationTarget: Equatable {
    /// An app, in this sidecar's namespace if it names none.
    case app(String, namespace: String?)
    /// A server that needs no sidecar.
    case server(ListenAddress)
    /// A URL that can't be called from here, with the reason.
    case refused(String)

    init(_ name: String) {
        guard let end = name.firstRange(of: "://")?.upperBound else {
            // An app's id may have dots, a namespace can't: what is behind the last one is the namespace.
            self =
                name.lastIndex(of: ".").map {
                    .app(String(name[..<$0]), namespace: String(name[name.index(after: $0)...]))
                } ?? .app(name, namespace: nil)
            return
        }
        let scheme = name[..<end].lowercased()
        guard scheme == "http://" else {
            self = .refused(
                scheme == "https://"
                    ? "https is not supported; name an http:// URL" : "\(scheme) is no scheme that can be called")
            return
        }
        let authority = name[end...].prefix { $0 != "/" }
        let text = authority.last == "]" || !authority.contains(":") ? "\(authority):80" : String(authority)
        self = ListenAddress(text: text).map { .server($0) } ?? .refused("\(authority) is no address")
    }
}
