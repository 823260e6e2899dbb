// SPDX-License-Identifier: Apache-2.0

package import Proxying

/// Whom an invocation is for, as Dapr writes it.
package enum InvocationTarget: Equatable {
    /// An app, in this sidecar's namespace if it names none.
    case app(String, namespace: String?)
    /// A server that needs no sidecar.
    case server(ServerURL)
    /// A URL that can't be called from here, with the reason.
    case refused(String)

    package init(_ name: String) {
        guard name.contains("://") else {
            // An app's id may have dots, a namespace can't: what is behind the last one is the namespace.
            self =
                name.lastIndex(of: ".").map {
                    .app(String(name[..<$0]), namespace: String(name[name.index(after: $0)...]))
                } ?? .app(name, namespace: nil)
            return
        }
        do throws(ServerURL.Invalid) {
            let url = try ServerURL(name)
            self = url.path.contains("?") ? .refused("a query belongs behind the method") : .server(url)
        } catch {
            self = .refused(error.description)
        }
    }
}
