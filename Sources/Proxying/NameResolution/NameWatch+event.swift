// SPDX-License-Identifier: Apache-2.0

package import Telemetry

extension NameWatch.Change {
    /// What the log says of it; `pool` is what has the host's server.
    package func event(of host: String, for pool: String) -> LogEvent {
        switch self {
        case .lost(let error): .serverNameLost(pool: pool, host: host, reason: error.description)
        case .found(let addresses): .serverNameFound(pool: pool, host: host, addresses: addresses.sorted())
        case .moved(let before, let addresses):
            .serverMoved(pool: pool, host: host, from: before.sorted(), to: addresses.sorted())
        }
    }
}
