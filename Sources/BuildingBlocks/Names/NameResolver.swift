// SPDX-License-Identifier: Apache-2.0

package import Core

/// Another sidecar, as far as one needs to know it to call it.
package struct SidecarPeer: Sendable, Equatable {
    package var id: String
    /// Of its internal listener.
    package var address: ListenAddress
    /// What it asks of whoever calls it there.
    package var secret: String

    package init(id: String, address: ListenAddress, secret: String) {
        self.id = id
        self.address = address
        self.secret = secret
    }
}

/// Finds the sidecars of an app.
package protocol NameResolver: Sendable {
    /// The instances that are up, in no order; none if the app isn't known. `isFresh`: an earlier answer turned out to
    /// be wrong, so nothing that was kept is used.
    func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer]
}
