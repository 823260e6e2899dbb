// SPDX-License-Identifier: Apache-2.0

package import Core

/// The faces of the building blocks: HTTP, and gRPC beside it.
package struct APIConfiguration: Sendable, Equatable {
    package var enabled = true
    package var listen = ListenAddress(host: "127.0.0.1", port: 3500)
    /// A second listener that serves health and metadata only; off without one.
    package var publicListen: ListenAddress? = nil
    package var grpc = GRPCConfiguration()
    /// Where other sidecars call this one; a free port by default, which they find in the registry.
    package var internalListen = ListenAddress(host: "127.0.0.1", port: 0)
    /// The largest body that is buffered in memory, for requests and for values.
    package var bodyLimit = ByteCount.mebibytes(4)
    /// Callers must send it as `dapr-api-token`; none means that everybody on the listener may call.
    package var token: String? = nil
    /// Logs one line for each API call.
    package var logCalls = false

    package init() {}
}

/// The gRPC port, on which apps call each other over gRPC.
package struct GRPCConfiguration: Sendable, Equatable {
    package var listen = ListenAddress(host: "127.0.0.1", port: 50_001)

    package init() {}
}
