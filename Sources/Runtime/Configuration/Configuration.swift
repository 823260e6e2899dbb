// SPDX-License-Identifier: Apache-2.0

package import Ambassador
package import Core
package import HTTPAPI
package import Sidecar
package import Telemetry
package import TraceExport

/// Everything that can be set: what `outrigger.yaml`, the environment and the flags add up to.
package struct Configuration: Sendable, Equatable {
    package var app = AppConfiguration()
    package var api = APIConfiguration()
    package var https = HTTPSConfiguration()
    package var ambassador = AmbassadorConfiguration()
    package var admin = AdminConfiguration()
    package var data = DataConfiguration()
    package var log = LogConfiguration()
    package var tracing = TracingConfiguration()
    /// Files and folders with Dapr resource documents.
    package var resources: [String] = []

    package init() {}
}

/// The one listener for metrics, probes and each room's JSON.
package struct AdminConfiguration: Sendable, Equatable {
    package var enabled = true
    package var listen = ListenAddress(host: "127.0.0.1", port: 9090)

    package init() {}
}

/// Where the embedded engine keeps its file.
package struct DataConfiguration: Sendable, Equatable {
    /// Nil: `$XDG_STATE_HOME/outrigger`, or `~/.local/state/outrigger`.
    package var path: String? = nil

    package init() {}
}
