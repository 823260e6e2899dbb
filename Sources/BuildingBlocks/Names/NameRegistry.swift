// SPDX-License-Identifier: Apache-2.0

/// A sidecar that runs on this machine, as its neighbours see it.
package struct SidecarRecord: Sendable, Equatable {
    /// Unique for each start of a sidecar.
    package var id: String
    package var appID: String
    package var namespace: String
    package var processID: Int32
    /// `HOST:PORT` of the HTTP API.
    package var apiAddress: String
    /// The port on which the app listens, if it has one.
    package var appPort: Int?
    /// `HOST:PORT` at which other sidecars call this one; nil if they can't.
    package var internalAddress: String?
    /// What they must know to do so; made anew at each start.
    package var secret: String?
    /// `HOST:PORT` of the admin listener; nil if there is none.
    package var adminAddress: String?

    package init(
        id: String, appID: String, namespace: String, processID: Int32, apiAddress: String, appPort: Int?,
        internalAddress: String? = nil, secret: String? = nil, adminAddress: String? = nil
    ) {
        self.id = id
        self.appID = appID
        self.namespace = namespace
        self.processID = processID
        self.apiAddress = apiAddress
        self.appPort = appPort
        self.internalAddress = internalAddress
        self.secret = secret
        self.adminAddress = adminAddress
    }
}

/// Where sidecars of one machine find each other.
///
/// A record lives exactly as long as the process that registered it: its death, however sudden, removes it without any
/// heartbeat.
package protocol NameRegistry: Sendable {
    /// Makes this sidecar known; a later call with the same id replaces the record.
    func register(_ record: SidecarRecord) async throws

    /// Forgets this sidecar.
    func unregister() async throws

    /// The living sidecars of `namespace`, this one included, ordered by app id.
    func sidecars(inNamespace namespace: String) async throws -> [SidecarRecord]
}
